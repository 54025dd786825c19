/* What pages need beyond htmx. Every page works without it, but for what says so. */
(function () {
  "use strict";

  document.addEventListener("click", function (event) {
    var toggle = event.target.closest("[data-menu]");
    if (toggle) {
      var open = document.getElementById("side").classList.toggle("open");
      toggle.setAttribute("aria-expanded", String(open));
    }
    var opener = event.target.closest("[data-dialog]");
    if (opener) { event.preventDefault(); document.getElementById(opener.getAttribute("data-dialog")).showModal(); }
    var closer = event.target.closest("[data-close]");
    if (closer && closer.closest("dialog").open) { event.preventDefault(); closer.closest("dialog").close(); }
  });

  /* a new mailing: the lists that the chosen issue is approved for can be ticked, the others say why not */
  document.addEventListener("change", function (event) {
    if (!event.target.matches("input[data-lists]")) { return; }
    var open = event.target.getAttribute("data-lists").split(" ");
    event.target.form.querySelectorAll("input[name=list]").forEach(function (box) {
      box.disabled = open.indexOf(box.value) < 0;
      box.checked = !box.disabled;
      box.closest("label").querySelector("[data-closed]").hidden = !box.disabled;
    });
  });

  /* <form data-confirm="question"> asks before it is sent */
  document.addEventListener("submit", function (event) {
    var question = event.target.getAttribute("data-confirm");
    if (question && !window.confirm(question)) { event.preventDefault(); event.stopPropagation(); }
  }, true);

  /* what is said of a form in an open dialog is said in the dialog: the page behind it is inert */
  function saidIn(dialog) {
    var said = dialog.querySelector(".dialog-said");
    if (!said) {
      said = document.createElement("div");
      said.className = "dialog-said";
      said.setAttribute("role", "status");
      var title = dialog.querySelector("h2");
      title.parentNode.insertBefore(said, title.nextSibling);
    }
    return said;
  }
  document.addEventListener("htmx:beforeSwap", function (event) {
    var form = event.detail.requestConfig.elt, dialog = form && form.closest("dialog[open]");
    if (dialog && event.detail.target.id === "said") {
      event.detail.target = saidIn(dialog);
      event.detail.swapOverride = "innerHTML show:top";
    }
  });

  /* a request that found nobody at home */
  document.addEventListener("htmx:sendError", function (event) {
    var unreached = document.getElementById("unreached"), dialog = event.target.closest("dialog[open]");
    if (!dialog) { unreached.hidden = false; return; }
    var copy = unreached.cloneNode(true);
    copy.removeAttribute("id");
    copy.hidden = false;
    saidIn(dialog).replaceChildren(copy);
  });
  document.addEventListener("htmx:beforeRequest", function (event) {
    var dialog = event.target.closest("dialog[open]");
    document.getElementById("unreached").hidden = true;
    if (dialog) { saidIn(dialog).replaceChildren(); }
  });

  /* a form is sent once: its buttons rest until the answer is there, and after a while a line says that it goes on */
  var busy = document.getElementById("busy"), later = 0;
  var pressed = null; /* a button that rests loses the focus, and gets it back */
  function rest(form, resting) {
    if (resting) { pressed = form.contains(document.activeElement) ? document.activeElement : null; }
    form.querySelectorAll("button[type=submit]").forEach(function (one) { one.disabled = resting; });
    if (!resting && pressed && pressed.isConnected && document.activeElement === document.body) { pressed.focus({ preventScroll: true }); }
    window.clearTimeout(later);
    if (busy) {
      busy.hidden = true;
      if (resting) { later = window.setTimeout(function () { busy.hidden = false; }, 700); }
    }
  }
  function isForm(one) { return one instanceof HTMLFormElement && one.method === "post"; }
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (!isForm(event.target)) { return; }
    if (!event.target.closest("dialog[open]")) { document.getElementById("said").replaceChildren(); }
    rest(event.target, true);
  });
  document.addEventListener("htmx:afterRequest", function (event) { /* the answer may have taken the form's own place */
    var form = event.detail.requestConfig.elt;
    if (isForm(form)) { rest(form, false); }
  });
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.hasAttribute("hx-post") || !isForm(form)) { return; }
    window.setTimeout(function () { rest(form, true); }, 0); /* the button that was pressed is sent with the form */
    if (form.hasAttribute("data-download")) { window.setTimeout(function () { rest(form, false); }, 3000); }
  });
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) { document.querySelectorAll("form").forEach(function (one) { rest(one, false); }); }
  });

  /* what was typed is not lost by leaving the page: <form data-guard> */
  var typed = false, sending = false; /* what is typed while a form is on its way is not saved by it */
  document.addEventListener("input", function (event) { if (event.target.closest("form[data-guard]")) { typed = true; } });
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.target.matches("form[data-guard]")) { sending = typed; typed = false; }
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.target.matches("form[data-guard]") && !event.detail.successful) { typed = typed || sending; }
  });
  document.addEventListener("kept-elsewhere", function () { typed = false; sending = false; });
  document.addEventListener("submit", function (event) { if (!event.target.hasAttribute("hx-post")) { typed = false; } });
  window.addEventListener("beforeunload", function (event) { if (typed) { event.preventDefault(); } });

  /* a page that watches says when it hears nothing more: a cut connection is not always noticed by the browser */
  var lost = document.getElementById("lost"), LOST_MS = 8000, REDIAL_MS = 20000;
  if (lost) {
    var line = null, heard = Date.now(), dialled = heard, watch = 0;
    var hear = function () { heard = dialled = Date.now(); lost.hidden = true; };
    document.addEventListener("htmx:sseOpen", function (event) {
      line = event.detail.source;
      ["beat", "progress"].forEach(function (name) { line.addEventListener(name, hear); });
    });
    document.addEventListener("htmx:sseClose", function () { window.clearInterval(watch); lost.hidden = true; });
    watch = window.setInterval(function () {
      if (Date.now() - heard < LOST_MS) { return; }
      if (lost.hidden) {
        lost.textContent = lost.getAttribute("data-words").replace("{time}", new Date(heard).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }));
        lost.hidden = false;
      }
      if (line && line.readyState === EventSource.OPEN && Date.now() - dialled > REDIAL_MS) {
        dialled = Date.now();
        line.close();
        line.dispatchEvent(new Event("error")); /* htmx dials anew */
      }
    }, 1000);
  }
})();
