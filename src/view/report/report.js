// SPDX-License-Identifier: Apache-2.0
// Comfort for a report: tables that are sorted by their titles and filtered, columns that can be shown. The page says all it has to
// say without this.
'use strict';
(function () {
  const value = (cell) => {
    if (!cell) return null;
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    const text = cell.textContent.trim();
    return text === '' || text === '–' ? null : text;
  };
  const compare = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);   // what is not known stays at the end
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    return String(a).localeCompare(String(b), undefined, { numeric: true });
  };
  const rowsOf = (table) => [...table.tBodies].flatMap((body) => [...body.rows]);

  function sortBy(table, title, column) {
    const down = title.getAttribute('aria-sort') === 'ascending';
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
    title.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const keyed = rowsOf(table).map((row, i) => ({ row, i, key: value(row.cells[column]) }));
    keyed.sort((a, b) => {
      const known = a.key !== null && b.key !== null;
      return (known && down ? -1 : 1) * compare(a.key, b.key) || a.i - b.i;
    });
    table.tBodies[0].append(...keyed.map((k) => k.row));
  }

  function addSorting(table) {
    if (rowsOf(table).length < 2) return;
    [...table.tHead.rows[0].cells].forEach((title, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...title.childNodes);
      title.append(button);
      button.addEventListener('click', () => sortBy(table, title, column));
    });
  }

  let fields = 0;
  function addFilter(box, table) {
    const label = document.createElement('label');
    const field = document.createElement('input');
    const count = document.createElement('span');
    const all = rowsOf(table).length;
    field.type = 'search';
    field.id = 'filter-' + ++fields;
    label.htmlFor = field.id;
    label.textContent = 'Filter rows';
    count.setAttribute('role', 'status');
    const line = document.createElement('p');
    line.className = 'filter-line';
    line.append(label, field, count);
    box.before(line);
    field.addEventListener('input', () => {
      const wanted = field.value.toLowerCase();
      let shown = 0;
      for (const row of rowsOf(table)) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
        shown += !row.hidden;
      }
      count.textContent = wanted ? shown + ' of ' + all : '';
    });
  }

  function addHiding(box, table) {
    const hidden = [...table.tHead.rows[0].cells].flatMap((cell, i) => (cell.dataset.hide === undefined ? [] : [i]));
    if (!hidden.length) return;
    const button = document.createElement('button');
    button.type = 'button';
    const set = (hide) => {
      for (const row of table.rows) for (const i of hidden) if (row.cells[i]) row.cells[i].hidden = hide;
      button.setAttribute('aria-expanded', String(!hide));
      button.textContent = hide ? 'Show ' + hidden.length + (hidden.length === 1 ? ' more column' : ' more columns') : 'Show fewer columns';
    };
    button.addEventListener('click', () => set(button.getAttribute('aria-expanded') === 'true'));
    set(true);
    box.before(button);
  }

  for (const table of document.querySelectorAll('table.sort')) {
    const box = table.parentElement;
    if (box.classList.contains('filter')) addFilter(box, table);
    addHiding(box, table);
    addSorting(table);
  }
  for (const box of document.querySelectorAll('.wide')) {               // a stop for the keyboard only where there is something to scroll
    const check = () => {
      if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
      else box.removeAttribute('tabindex');
    };
    check();
    window.addEventListener('resize', check);
  }
  let opened = [];
  window.addEventListener('beforeprint', () => {                        // paper can't be clicked
    opened = [...document.querySelectorAll('details:not([open]):not(.screen)')];
    for (const d of opened) d.open = true;
  });
  window.addEventListener('afterprint', () => { for (const d of opened) d.open = false; });
})();
