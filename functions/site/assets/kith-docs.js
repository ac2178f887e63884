// Starts Swagger UI on the contract of this deployment. In a file of its own, since no page of ours runs inline script.
(() => {
  "use strict";

  // Swagger UI has dark colours, but does not ask which ones the reader prefers.
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", follow);
  follow();

  window.SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#docs",
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    // What people come for is first; these pages themselves are last.
    tagsSorter: (one, other) => (one === "site") - (other === "site"),
    // Access tokens end with the page: nothing of them stays in the browser.
    persistAuthorization: false,
    // The badge would ask a third party.
    validatorUrl: null,
  });
})();
