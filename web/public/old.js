// For browsers that cannot read the page's own code: says what they lack, in words that any browser of this century knows.
// The page itself says what else is missing, once it runs (state/browser.ts).
(function () {
  var missing = [];
  function need(there, name) {
    if (!there) missing.push(name);
  }
  need("noModule" in document.createElement("script"), "JavaScript modules");
  need(typeof Promise === "function" && typeof Array.prototype.findLast === "function", "JavaScript (ES2023)");
  need(window.crypto && window.crypto.subtle || location.protocol === "http:", "Web Crypto");
  need(window.RTCPeerConnection, "WebRTC");
  need(window.Intl && "Segmenter" in window.Intl, "Intl.Segmenter");

  function say(what) {
    var place = document.getElementById("app");
    if (!place || place.firstChild) return;
    var french = /^fr/i.test(navigator.language || "");
    document.documentElement.lang = french ? "fr" : "en";
    var main = document.createElement("main");
    var title = document.createElement("h1");
    var text = document.createElement("p");
    main.className = "plain-main old-browser";
    title.appendChild(document.createTextNode(french ? "Ce navigateur est trop ancien" : "This browser is too old"));
    text.appendChild(
      document.createTextNode(
        french
          ? "Il lui manque : " + what + ". Mettez-le à jour, ou prenez un Firefox, Chrome, Edge ou Safari récent."
          : "It lacks: " + what + ". Update it, or use a current Firefox, Chrome, Edge or Safari."
      )
    );
    main.appendChild(title);
    main.appendChild(text);
    place.appendChild(main);
  }

  if (missing.length > 0) {
    document.addEventListener("DOMContentLoaded", function () {
      say(missing.join(", "));
    });
    return;
  }
  // Whatever it has, it may still not understand the newest way of writing.
  window.addEventListener("error", function (e) {
    if (e.error instanceof SyntaxError || /SyntaxError/.test(e.message || "")) say("JavaScript (ES2023)");
  });
})();
