/* The report is a document of its own; its frame is made as high as it is. */
(function () {
  "use strict";
  var frame = document.getElementById("report");
  function fit() { frame.style.height = frame.contentDocument.documentElement.scrollHeight + "px"; }
  frame.addEventListener("load", function () { fit(); new ResizeObserver(fit).observe(frame.contentDocument.body); });
  window.addEventListener("resize", fit);
})();
