// Counts what a town writes while it is typed; without scripts the count is made when the form is sent.
const text = document.getElementById("text");
const count = document.getElementById("so-far");

function say() {
  const length = [...text.value.split(/\s+/).filter(Boolean).join(" ")].length;
  count.textContent = String(length);
  count.parentElement.classList.toggle("bad", length > Number(text.dataset.most));
}

text.addEventListener("input", say);
say();
