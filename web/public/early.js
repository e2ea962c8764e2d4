// Asks the node what the page will ask it first, while the page's own code is still on its way, and has that code come
// which the address will need. The page takes each answer once (state/early.ts). It stands in one file with old.js, so it
// is written for the same browsers.
(function () {
  // What the page's later parts are made of, file by file; the build fills it in.
  var parts = /* parts */ {};

  function stored(storage, name) {
    try {
      return JSON.parse(window[storage].getItem(name) || "null");
    } catch (e) {
      return null;
    }
  }

  function has(storage, name) {
    try {
      return window[storage].getItem(name) !== null;
    } catch (e) {
      return false;
    }
  }

  if (!window.fetch || !window.Promise) return;
  var session = stored("localStorage", "stoa.session");
  var token = session && !session.ended ? session.token : null;
  var language = stored("localStorage", "stoa.language");
  var answers = (window.stoaEarly = {});

  function ask(path, asMember) {
    var headers = {};
    if (asMember) headers.Authorization = "Bearer " + token;
    if (language) headers["Accept-Language"] = language;
    var answer = fetch("/api/v1" + path, { headers: headers });
    answer["catch"](function () {}); // whoever takes it hears of it
    answers["/api/v1" + path] = { token: asMember ? token : null, answer: answer };
  }

  function load(part) {
    (parts[part] || []).forEach(function (file) {
      var link = document.createElement("link");
      link.rel = "modulepreload";
      link.href = file;
      document.head.appendChild(link);
    });
  }

  var way = location.pathname.split("/");
  var id = /^[A-Za-z0-9_-]{43}$/.test(way[2] || "") ? way[2] : null;
  var invited = /[&]room=([A-Za-z0-9_-]{43})$/.exec(location.hash);
  ask("/node", false);
  if (token) ask("/me", true);
  if (id && way[1] === "r") ask("/rooms/" + id + (token ? "" : "/door"), !!token);
  if (id && way[1] === "i") {
    ask("/invites/" + id, false);
    if (invited && !token) ask("/rooms/" + invited[1] + "/door", false);
  }

  // The first language of the browser that there is, as the page itself chooses it (i18n/words.ts).
  function preferred() {
    var tags = navigator.languages || [];
    for (var i = 0; i < tags.length; i++) {
      var tag = tags[i].slice(0, 2).toLowerCase();
      if (tag === "fr" || tag === "en") return tag;
    }
    return "en";
  }

  var words = language || preferred();
  load(words);
  if (way[1] === "") load("home");
  else if (way[1] !== "r" && way[1] !== "i") {
    load("pages");
    load(words + "Pages");
  } else if (has("sessionStorage", "stoa.room")) load("inside");
})();
