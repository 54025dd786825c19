/* The editor: tables pasted from a workbook, pictures dropped or pasted, jumps to what the preflight names. */
(function () {
  "use strict";
  var text = document.getElementById("text");
  if (!text) { return; }

  function put(words) {
    text.focus();
    text.setRangeText(words, text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
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
    return "\n" + lines.join("\n") + "\n";
  }

  function upload(files) {
    var form = new FormData();
    form.append("csrf", document.querySelector("#editor [name=csrf]").value);
    Array.prototype.forEach.call(files, function (file) { form.append("file", file, file.name); });
    fetch(text.getAttribute("data-files"), { method: "POST", body: form, headers: { "HX-Request": "true" } })
      .then(function (answer) { return answer.text().then(function (html) { return { ok: answer.ok, html: html }; }); })
      .then(function (answer) {
        document.getElementById(answer.ok ? "files" : "said").innerHTML = answer.html;
        if (!answer.ok) { window.scrollTo(0, 0); return; }
        window.htmx.process(document.getElementById("files"));
        var names = document.querySelectorAll("#files [data-added]");
        put(Array.prototype.map.call(names, function (one) { return "\n![](" + one.getAttribute("data-added") + ")\n"; }).join(""));
      });
  }

  text.addEventListener("paste", function (event) {
    var files = event.clipboardData.files, words = event.clipboardData.getData("text/plain");
    if (words.indexOf("\t") >= 0) {
      var rows = readCells(words);
      if (rows.length > 1) { event.preventDefault(); put(asTable(rows)); }
    } else if (files.length && !words) { event.preventDefault(); upload(files); }
  });
  text.addEventListener("dragover", function (event) { event.preventDefault(); text.classList.add("dropping"); });
  text.addEventListener("dragleave", function () { text.classList.remove("dropping"); });
  text.addEventListener("drop", function (event) {
    text.classList.remove("dropping");
    if (event.dataTransfer.files.length) { event.preventDefault(); upload(event.dataTransfer.files); }
  });

  document.addEventListener("click", function (event) {
    var jump = event.target.closest("[data-jump]");
    if (!jump) { return; }
    var line = /:(\d+)/.exec(jump.getAttribute("data-jump"));
    var lines = text.value.split("\n"), start = 0;
    if (line) { for (var at = 0; at < Math.min(line[1] - 1, lines.length); at += 1) { start += lines[at].length + 1; } }
    else {
      var found = text.value.indexOf(jump.getAttribute("data-jump"));
      if (found < 0) { return; }
      start = found;
    }
    text.focus();
    text.setSelectionRange(start, start);
    text.scrollTop = (text.value.slice(0, start).split("\n").length - 5) * parseFloat(getComputedStyle(text).lineHeight);
  });
})();
