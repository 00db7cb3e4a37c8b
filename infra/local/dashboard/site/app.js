// The frame: head, navigation, and which view the address's fragment asks for.
const VIEWS = {
  findings: ['Findings', findingsView, () => count(DATA.findings.total)],
  coverage: ['Coverage', coverageView, () => `${DATA.requirements.filter((r) => r.state === 'answered').length}/${DATA.requirements.length}`],
  lineage: ['Lineage', lineageView, () => (DATA.lineage.present ? count(DATA.lineage.total) : '')],
  health: ['Health', healthView, () => ''],
};
const main = h('main', { id: 'main', tabindex: -1 });
const nav = h('nav', { 'aria-label': 'Views' }, Object.entries(VIEWS).map(([name, [title, , badge]]) => h('a', { href: '#' + name, 'data-view': name }, title, ' ', h('span', { class: 'badge' }, badge()))));
const theme = h('button', { type: 'button', class: 'theme', onclick: () => {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme = dark ? 'light' : 'dark';
} }, 'light / dark');

document.body.append(
  h('a', { class: 'skip', href: '#main', onclick: (event) => { event.preventDefault(); main.focus(); } }, 'to the content'),
  h('header', { class: 'top' }, h('a', { class: 'name', href: '#findings' }, 'Catchment'), nav,
    h('div', { class: 'meta' }, h('span', {}, visible(DATA.organisation)), h('span', {}, `as of ${when(DATA.generated)} UTC`), theme)),
  main, h('footer', {}, 'Holds raw log records: guard this file like the lake. ', h('code', {}, visible(DATA.lake))));

function route(moved) {
  const [name, ...rest] = location.hash.slice(1).split('/');
  let argument = rest.join('/');
  try { argument = decodeURIComponent(argument); } catch { argument = ''; }
  const view = name === 'finding' ? 'findings' : VIEWS[name] ? name : 'findings';
  for (const item of nav.children) item.toggleAttribute('aria-current', false) || (item.dataset.view === view && item.setAttribute('aria-current', 'page'));
  document.title = `Catchment · ${VIEWS[view][0]}`;
  main.replaceChildren(...(name === 'finding' ? findingView(argument) : VIEWS[view][1](argument)).flat(Infinity).filter(Boolean));
  if (moved) { scrollTo(0, 0); main.focus({ preventScroll: true }); }
}
addEventListener('hashchange', () => route(true));
route(false);
