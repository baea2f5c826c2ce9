/** How the API's page looks; it follows the reader's choice of dark or light. */
export const style = `
:root { color-scheme: light dark; --line: light-dark(#ddd, #3a3a3a); --soft: light-dark(#f6f6f4, #232323); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: light-dark(#1b1b1b, #e6e6e6); background: light-dark(#fff, #181818); }
code { font: 0.9em/1.4 ui-monospace, monospace; }
pre { overflow-x: auto; padding: 0.5rem 0.7rem; background: var(--soft); user-select: all; }
small { font-weight: normal; opacity: 0.7; }
a { color: light-dark(#0b57a4, #86bdf5); }
nav ul { list-style: none; padding: 0; }
h2 { margin-top: 3rem; text-transform: capitalize; }
article { border-top: 1px solid var(--line); margin-top: 2rem; }
h4 { margin: 1rem 0 0.25rem; }
details { border: 1px solid var(--line); border-radius: 6px; margin: 0.3rem 0; padding: 0.3rem 0.7rem; }
summary { cursor: pointer; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; background: var(--soft); }
th, td { border-bottom: 1px solid var(--line); padding: 0.25rem 0.6rem; text-align: left; vertical-align: top; font-weight: normal; }
th { white-space: nowrap; }
td:nth-child(2) { min-width: 8rem; }
td:last-child { min-width: 14rem; }
`
