/* The editor: tables pasted from a workbook, pictures dropped or pasted, jumps to what the preflight names, how saving went. */
(function () {
  "use strict";
  var text = document.getElementById("text");
  if (!text) { return; }
  var form = document.getElementById("editor");

  /* as if it were typed, so that Ctrl+Z takes it back */
  function put(words) {
    text.focus();
    if (document.execCommand("insertText", false, words)) { return; }
    text.setRangeText(words, text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }
  /* a block of Markdown of its own: a blank line before and after; never within the head, which it would break */
  function putBlock(lines) {
    var head = /^---\n[\s\S]*?\n---\n/.exec(text.value);
    if (head && text.selectionStart < head[0].length) { text.setSelectionRange(text.value.length, text.value.length); }
    var before = text.value.slice(0, text.selectionStart), after = text.value.slice(text.selectionEnd);
    var gap = !before || /\n\n$/.test(before) ? "" : /\n$/.test(before) ? "\n" : "\n\n";
    put(gap + lines + (/^\n\n|^\n?$/.test(after) && after ? "" : !after || after[0] === "\n" ? "\n" : "\n\n"));
  }

  /* cells by tabs, rows by lines, as workbooks put them on the clipboard; a cell with a line break stands in quotation marks */
  function readCells(pasted) {
    var rows = [[]], cell = "", quoted = false;
    for (var at = 0; at < pasted.length; at += 1) {
      var sign = pasted[at];
      if (quoted) {
        if (sign === '"' && pasted[at + 1] === '"') { cell += '"'; at += 1; }
        else if (sign === '"') { quoted = false; }
        else { cell += sign === "\n" ? " " : sign; }
      } else if (sign === '"' && cell === "") { quoted = true; }
      else if (sign === "\t") { rows[rows.length - 1].push(cell); cell = ""; }
      else if (sign === "\n") { rows[rows.length - 1].push(cell); rows.push([]); cell = ""; }
      else if (sign !== "\r") { cell += sign; }
    }
    rows[rows.length - 1].push(cell);
    return rows.filter(function (row) { return row.length > 1; });
  }

  function asTable(rows) {
    var width = Math.max.apply(null, rows.map(function (row) { return row.length; }));
    var lines = rows.map(function (row) {
      var cells = row.concat(new Array(width - row.length).fill(""));
      return "| " + cells.map(function (cell) { return cell.trim().replace(/\|/g, "\\|"); }).join(" | ") + " |";
    });
    lines.splice(1, 0, "|" + " --- |".repeat(width));
    return lines.join("\n");
  }

  function unreached() { document.getElementById("unreached").hidden = false; }

  function upload(files) {
    var data = new FormData();
    data.append("csrf", form.querySelector("[name=csrf]").value);
    Array.prototype.forEach.call(files, function (file) { data.append("file", file, file.name); });
    text.setAttribute("aria-busy", "true");
    fetch(text.getAttribute("data-files"), { method: "POST", body: data, headers: { "HX-Request": "true", "HX-Current-URL": window.location.href } })
      .then(function (answer) {
        if (answer.status === 401) { logIn(); return; }
        return answer.text().then(function (html) {
          document.getElementById("said").replaceChildren();
          document.getElementById(answer.ok ? "files" : "said").innerHTML = html;
          if (!answer.ok) { window.scrollTo(0, 0); return; }
          window.htmx.process(document.getElementById("files"));
          var names = document.querySelectorAll("#files [data-added]");
          if (names.length) { putBlock(Array.prototype.map.call(names, function (one) { return "![](" + one.getAttribute("data-added") + ")"; }).join("\n\n")); }
        });
      })
      .catch(unreached)
      .finally(function () { text.removeAttribute("aria-busy"); });
  }

  text.addEventListener("paste", function (event) {
    var files = event.clipboardData.files, words = event.clipboardData.getData("text/plain");
    if (words.indexOf("\t") >= 0) {
      var rows = readCells(words);
      if (rows.length > 1) { event.preventDefault(); putBlock(asTable(rows)); }
    } else if (files.length && !words) { event.preventDefault(); upload(files); }
  });
  /* dropped anywhere: a file beside the field would else be opened in place of the page */
  document.addEventListener("dragover", function (event) { event.preventDefault(); text.classList.add("dropping"); });
  document.addEventListener("dragleave", function () { text.classList.remove("dropping"); });
  document.addEventListener("drop", function (event) {
    text.classList.remove("dropping");
    if (event.dataTransfer.files.length) { event.preventDefault(); upload(event.dataTransfer.files); }
  });

  /* to a place as the preflight names it: a line of issue.md, or a key of its head */
  function lineOf(place) {
    var found = /issue\.md(?::(\d+))?(?:\s*[:：]\s*(.+))?$/.exec(place);
    if (!found || found[1]) { return found ? Number(found[1]) : 0; }
    var key = (found[2] || "").split(".").pop() + ":";
    return text.value.split("\n").findIndex(function (line) { return line.trim().indexOf(key) === 0; }) + 1;
  }
  function goTo(line) {
    if (!line) { return; }
    var lines = text.value.split("\n"), before = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    text.focus();
    text.setSelectionRange(before, before + (lines[line - 1] || "").length);
    var mirror = text.cloneNode(); /* how high the text above is, with its long lines folded: a field tells that holds it alone */
    ["id", "name"].forEach(function (one) { mirror.removeAttribute(one); });
    mirror.rows = 1;
    mirror.style.cssText = "position: absolute; visibility: hidden; width: " + text.offsetWidth + "px";
    mirror.value = text.value.slice(0, before);
    text.after(mirror);
    text.scrollTop = Math.max(0, mirror.scrollHeight - text.clientHeight / 3);
    mirror.remove();
    text.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("click", function (event) {
    var jump = event.target.closest("[data-jump]");
    if (jump) { goTo(lineOf(jump.getAttribute("data-jump"))); }
  });
  var asked = new URLSearchParams(window.location.search).get("at");
  if (asked) { goTo(lineOf(asked)); }

  document.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); form.requestSubmit(); }
  });

  /* what is not saved yet is kept in this browser: a session that ends, or a machine that stops, costs no text */
  var KEY = "mailer:text:" + text.getAttribute("data-user") + ":" + text.getAttribute("data-issue"), later = 0;
  function keep() {
    window.clearTimeout(later);
    try { window.localStorage.setItem(KEY, JSON.stringify({ text: text.value, digest: digest().value, at: Date.now() })); return true; } catch (_error) { return false; /* full or forbidden */ }
  }
  function forget() { window.clearTimeout(later); try { window.localStorage.removeItem(KEY); } catch (_error) { /* forbidden */ } }
  function digest() { return form.querySelector("[name=digest]"); }
  text.addEventListener("input", function () { window.clearTimeout(later); later = window.setTimeout(keep, 400); });

  /* beside the button: how it stands with the text. "": as the last save said */
  function say(state) {
    document.querySelectorAll("#save-state [data-state]").forEach(function (one) { one.hidden = one.getAttribute("data-state") !== state; });
    var note = document.querySelector("#saved [data-note]");
    if (note && !note.matches(".alert")) { note.hidden = state !== ""; }
  }
  text.addEventListener("input", function () { if (document.querySelector("[data-state=ended]").hidden) { say("unsaved"); } });

  /* the session has ended: what was written waits in this browser, so leaving the page is not asked about */
  function logIn() {
    if (keep()) { document.dispatchEvent(new Event("kept-elsewhere")); }
    window.location.assign(document.querySelector("[data-log-in]").href);
  }
  document.querySelector("[data-log-in]").addEventListener("click", function (event) { event.preventDefault(); logIn(); });
  document.addEventListener("htmx:beforeOnLoad", function (event) {
    if (event.detail.xhr.status !== 401) { return; }
    event.preventDefault();
    if (event.detail.requestConfig.elt === form) { logIn(); } else { keep(); say("ended"); } /* nobody is taken away while writing */
  });
  var sent = null;
  document.addEventListener("htmx:beforeRequest", function (event) { if (event.target === form) { sent = { text: text.value, digest: digest().value }; } });
  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.target !== form || event.detail.successful || event.detail.xhr.status === 401) { return; }
    keep();
    say(event.detail.xhr.status ? "refused" : "unreached");
  });

  var kept = null, banner = document.getElementById("kept");
  try { kept = JSON.parse(window.localStorage.getItem(KEY) || "null"); } catch (_error) { /* as if there were none */ }
  if (kept && kept.text !== text.value) {
    banner.querySelector("[data-when]").textContent = new Date(kept.at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
    banner.hidden = false;
    banner.querySelector("[data-put-back]").addEventListener("click", function () {
      text.value = kept.text;
      digest().value = kept.digest; /* of the text it was written from: saving joins it with what came since */
      banner.hidden = true;
      text.dispatchEvent(new Event("input", { bubbles: true }));
      text.focus();
    });
    banner.querySelector("[data-drop]").addEventListener("click", function () { forget(); banner.hidden = true; text.focus(); });
  } else { forget(); }

  /* saved: the text as it is now, with what somebody else wrote meanwhile */
  document.addEventListener("htmx:afterSwap", function () {
    var settled = document.getElementById("settled");
    if (!settled) { return; }
    var conflict = settled.hasAttribute("data-conflict"), at = text.selectionStart, top = text.scrollTop;
    say("");
    if (sent && sent.text !== text.value) { /* written on meanwhile: that is not saved yet */
      if (settled.hasAttribute("data-changed")) { digest().value = sent.digest; } /* so the next save joins it */
      settled.remove();
      text.dispatchEvent(new Event("input", { bubbles: true }));
      return;
    }
    if (settled.value !== text.value && settled.hasAttribute("data-changed")) {
      text.value = settled.value;
      text.setSelectionRange(at, at);
      text.scrollTop = top;
      text.dispatchEvent(new Event("look"));
    }
    settled.remove();
    if (form.querySelector("[name=undoes]").value === "0") { /* asked once: now it is a draft */
      form.removeAttribute("data-confirm");
      document.querySelectorAll("#undone").forEach(function (one) { one.remove(); });
    }
    if (!conflict) { forget(); return; }
    text.dispatchEvent(new Event("input", { bubbles: true })); /* not saved: so it is kept, and asked about on leaving */
    keep();
    goTo(text.value.split("\n").findIndex(function (line) { return line.indexOf("<<<<<<< ") === 0; }) + 1);
  });
})();
