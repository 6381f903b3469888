// Tresen's own script. Pages work without it; this makes them quick. No build step.
"use strict";
document.documentElement.classList.add("js");
