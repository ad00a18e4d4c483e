/** Leaflet's own file, which is served beside ours; it leaves itself in `window.L`. */
export {};
