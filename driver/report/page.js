// Sorts a table by the column whose head is clicked; again: the other way around.
'use strict';
function cellValue(row, index) {
  const cell = row.cells[index];
  return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
}
function sortBy(table, index, head) {
  const down = head.getAttribute('aria-sort') !== 'descending';
  for (const other of head.parentNode.cells) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  const rows = Array.from(table.tBodies[0].rows);
  rows.sort((a, b) => {
    const x = cellValue(a, index), y = cellValue(b, index);
    const order = typeof x === 'number' ? x - y : x.localeCompare(y);
    return down ? -order : order;
  });
  table.tBodies[0].append(...rows);
}
for (const table of document.querySelectorAll('table.sortable')) {
  Array.from(table.tHead.rows[0].cells).forEach((head, index) => {
    head.classList.add('sorting');
    head.tabIndex = 0;
    head.addEventListener('click', () => sortBy(table, index, head));
    head.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') sortBy(table, index, head);
    });
  });
}
