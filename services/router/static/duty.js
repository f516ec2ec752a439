// The duty pages renew their main part, unless somebody writes in it or has a number before him.
const RENEW_MS = 5_000;
const main = document.getElementById("main");

async function renew() {
  if (document.hidden || main.querySelector("details[open], a.phone, form :focus")) return;
  try {
    const reply = await fetch(location.pathname, { headers: { accept: "text/html" } });
    if (!reply.ok || reply.redirected) return;
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    main.replaceChildren(...page.getElementById("main").childNodes);
  } catch {
    // The next time asks again; the time at the top says how old this is.
  }
}

setInterval(renew, RENEW_MS);
