// Runs before Django's own admin scripts, which make their markup of strings that they hold
// themselves. A classic script: those do not wait for modules. Scripts from strings stay forbidden.
if (window.trustedTypes) {
  window.trustedTypes.createPolicy("default", { createHTML: (markup) => markup });
}
