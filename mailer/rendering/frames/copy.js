"use strict";
const article = document.getElementById("article");
const said = document.getElementById("said");
document.getElementById("copy").addEventListener("click", () => {
  const selection = getSelection();
  const put = (event) => {
    event.clipboardData.setData("text/html", article.innerHTML);
    event.clipboardData.setData("text/plain", article.innerText);
    event.preventDefault();
  };
  selection.selectAllChildren(article);
  document.addEventListener("copy", put, { once: true });
  const done = document.execCommand("copy");
  document.removeEventListener("copy", put);
  if (done) selection.removeAllRanges();
  said.textContent = done ? said.dataset.done : said.dataset.failed;
});
