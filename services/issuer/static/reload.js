// A page that renews its main part whenever something happened at the desk, unless somebody types in it.
const main = document.getElementById("main");

async function renew() {
  if (main.querySelector("form :focus, details[open] form")) return;
  try {
    const reply = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!reply.ok || reply.redirected) return;
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    main.replaceChildren(...page.getElementById("main").childNodes);
  } catch {
    // The next change asks again.
  }
}

document.addEventListener("desk-changed", renew);
