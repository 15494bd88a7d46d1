// The description of the API as a page. Nothing is asked of another host (validatorUrl), and a token that is entered is not kept.
(function () {
  "use strict";
  if (matchMedia("(prefers-color-scheme: dark)").matches) { document.documentElement.classList.add("dark-mode"); }
  const part = document.getElementById("swagger-ui");
  SwaggerUIBundle({
    url: part.dataset.schema,
    domNode: part,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    persistAuthorization: false,
    validatorUrl: null,
  });
})();
