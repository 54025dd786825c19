"use strict";
const mails = JSON.parse(document.getElementById("mails").textContent);
const choice = document.getElementById("list");
const sheets = /<style[^>]*>[\s\S]*?<\/style>/gi;
const scheme = /\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)/gi;
// a device's colours are the browser's to say; so each view answers the question itself
const seenIn = (html, wanted) => html.replace(sheets, (sheet) =>
  sheet.replace(scheme, (_, asked) => (asked.toLowerCase() === wanted ? "(min-width: 0px)" : "(max-width: 0px)")));
const views = {
  phone: (html) => seenIn(html, "light"),
  dark: (html) => seenIn(html, "dark"),
  desktop: (html) => seenIn(html, "light"),
  bare: (html) => html.replace(sheets, ""),
};

const show = (number) => {
  const mail = mails[number] || mails[0];
  for (const [name, make] of Object.entries(views)) {
    const frame = document.getElementById(name);
    frame.style.colorScheme = name === "dark" ? "dark" : "light";
    frame.srcdoc = make(mail.html);
  }
  document.getElementById("text").textContent = mail.text;
};

// a view wider than its place is shown smaller, whole
const fit = () => {
  for (const frame of document.querySelectorAll("iframe")) {
    const scale = Math.min(1, frame.parentElement.clientWidth / Number(frame.width));
    frame.style.transform = scale < 1 ? `scale(${scale})` : "";
    frame.style.height = `${100 / scale}%`;
  }
};
addEventListener("resize", fit);
fit();

const key = "jianbao-preview-list";
let chosen = 0;
try { chosen = Number(sessionStorage.getItem(key)) || 0; } catch { /* a page from a file may have no storage */ }
if (choice) {
  choice.value = String(Math.min(chosen, mails.length - 1));
  choice.addEventListener("change", () => {
    show(choice.value);
    try { sessionStorage.setItem(key, choice.value); } catch { /* as above */ }
  });
}
show(choice ? choice.value : 0);

if (location.protocol === "http:") {
  let known = "";
  const look = async () => {
    try {
      const version = await (await fetch("version", { cache: "no-store" })).text();
      if (known && version !== known) location.reload();
      known = version;
      setTimeout(look, 700);
    } catch {
      const said = document.getElementById("said");
      said.textContent = said.dataset.gone;
    }
  };
  look();
}
