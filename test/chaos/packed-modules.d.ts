/** The built worker's main.js, which begins to work when it is loaded; named when the worker is packed. */
declare module 'parcelpost:worker';
/** What main.js is made of, all but main.js itself. */
declare module 'parcelpost:worker-parts';
