/** The style of a report in HTML: one column of text, tables as wide as they need, light and dark. */
export const reportStyle = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1c1e; --muted: #5b5e63; --line: #e2e2df; --plate: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #151618; --ink: #e6e6e3; --muted: #a4a7ad; --line: #33363b; --plate: #f4f4f2; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.6 system-ui, -apple-system, "Segoe UI", sans-serif;
  font-variant-numeric: tabular-nums; }
main { max-width: 860px; margin: 0 auto; padding: 40px 20px 80px; }
h1 { margin: 0 0 20px; font-size: 24px; line-height: 1.25; letter-spacing: -0.015em; overflow-wrap: anywhere; }
h2 { margin: 40px 0 10px; padding-top: 14px; border-top: 1px solid var(--line); font-size: 17px; }
p, ul { margin: 0 0 12px; max-width: 72ch; }
ul { padding-left: 20px; }
li { margin-bottom: 4px; }
.table { margin: 0 0 18px; overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; line-height: 1.4; }
caption { padding-bottom: 4px; font-weight: 600; text-align: left; }
th, td { padding: 4px 14px 4px 0; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
th:first-child, td:first-child, .texts th, .texts td { text-align: left; }
th { color: var(--muted); font-weight: 500; }
td { max-width: 46ch; overflow-wrap: anywhere; }
blockquote { margin: 0 0 12px; padding: 2px 0 2px 14px; border-left: 2px solid var(--line); font: 13px/1.6 ui-monospace, Menlo, Consolas,
  monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
.figures { display: flex; flex-wrap: wrap; gap: 16px; margin: 0 0 18px; }
figure { margin: 0; max-width: 100%; }
figure svg { display: block; max-width: 100%; height: auto; padding: 6px; background: var(--plate); }
figcaption { max-width: 60ch; color: var(--muted); font-size: 12px; }
`
