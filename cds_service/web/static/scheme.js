// Light or dark as this browser's user chose; loaded before anything is painted. A ward's shared PC may follow no system.
(() => {
  const key = "scheme";
  const kept = () => {
    try {
      return localStorage.getItem(key) ?? "";
    } catch {
      return "";
    }
  };
  const show = (scheme) => {
    if (scheme) document.documentElement.dataset.scheme = scheme;
    else delete document.documentElement.dataset.scheme;
  };
  show(kept());
  document.addEventListener("DOMContentLoaded", () => {
    const choice = document.getElementById("scheme");
    choice.value = kept();
    choice.closest(".scheme").hidden = false;
    choice.addEventListener("change", () => {
      show(choice.value);
      try {
        localStorage.setItem(key, choice.value);
      } catch {
        // Where nothing may be kept the choice holds for this page.
      }
    });
  });
})();
