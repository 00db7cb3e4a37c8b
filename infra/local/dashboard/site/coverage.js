// Coverage: which requirement is answered by what, and which ATT&CK techniques the detections look for.
const STATES = { answered: 'answered', partly: 'partly', 'not yet': 'not yet' };
const DOMAINS = { CI: 'Pipelines', CM: 'Compute', CP: 'Control plane', DA: 'Data access', IA: 'Infrastructure', IC: 'Infrastructure as code', ID: 'Identity', NW: 'Network', RT: 'Run time', SM: 'Secrets', VC: 'Version control', X: 'Across all' };

function coverageView(chosenId) {
  const rows = DATA.requirements;
  const tally = (state) => rows.filter((r) => r.state === state).length;
  const found = new Map();
  for (const f of FINDINGS) for (const id of f.requirement_ids) found.set(id, (found.get(id) || 0) + 1);
  const panel = h('section', { class: 'panel', 'aria-live': 'polite' });
  function pick(id) {
    const r = rows.find((one) => one.id === id);
    for (const tile of grid.querySelectorAll('[data-id]')) tile.setAttribute('aria-pressed', tile.dataset.id === id ? 'true' : 'false');
    if (!r) { panel.replaceChildren(h('p', { class: 'note' }, 'Choose a requirement.')); return; }
    panel.replaceChildren(...[
      h('h2', {}, h('span', { class: `state ${r.state.replace(' ', '-')}` }, STATES[r.state]), ' ', r.id, ' · ', r.title),
      h('p', {}, r.detections.length || r.marts.length
        ? `${plural(r.detections.length + r.marts.length, 'answer')} to ${plural(r.behaviours, 'behaviour')} that this ${r.kind} is made of.` : 'Nothing answers it yet.'),
      r.detections.length ? h('ul', {}, r.detections.map((uid) => h('li', {}, detectionName(uid), ' ', h('code', {}, uid),
        ` · ${plural(FINDINGS.filter((f) => f.detection === uid).length, 'finding')}`))) : null,
      r.marts.length ? h('p', {}, 'Marts: ', r.marts.map((m, i) => [i ? ', ' : '', h('code', {}, m)])) : null,
    ].filter(Boolean));
  }
  const grid = h('div', { class: 'domains' }, Object.entries(Object.groupBy(rows, (r) => r.id.split('-')[0])).map(([prefix, members]) =>
    h('section', {}, h('h3', {}, DOMAINS[prefix] || prefix), h('div', { class: 'tiles' }, members.map((r) => h('button', {
      type: 'button', class: `tile ${r.state.replace(' ', '-')}`, 'data-id': r.id, title: r.title, 'aria-label': `${r.id}, ${r.title}: ${STATES[r.state]}`,
      onclick: () => { history.replaceState(null, '', '#coverage/' + enc(r.id)); pick(r.id); },
    }, h('b', {}, r.id), found.get(r.id) ? h('i', { title: plural(found.get(r.id), 'finding') }, '●') : null,
    h('span', { title: 'answers / behaviours' }, `${r.detections.length + r.marts.length}/${r.behaviours}`)))))));
  pick(chosenId || (rows.find((r) => r.state === 'answered') || rows[0] || {}).id);

  const techniques = new Map();
  for (const d of DATA.detections) for (const a of d.attack) {
    const tactic = techniques.get(a.tactic_name) || techniques.set(a.tactic_name, new Map()).get(a.tactic_name);
    const uid = a.sub_technique_uid || a.technique_uid;
    const there = tactic.get(uid) || tactic.set(uid, { name: a.sub_technique_name || a.technique_name, detections: new Set() }).get(uid);
    there.detections.add(d.uid);
  }
  const uids = new Set([...techniques.values()].flatMap((t) => [...t.keys()]));
  return [
    h('h1', {}, 'Coverage'),
    h('p', { class: 'lead' }, h('b', { id: 'answered' }, `${tally('answered')} of ${rows.length}`), ' requirements answered',
      `, ${tally('partly')} partly, ${tally('not yet')} not yet; ${plural(DATA.detections.length, 'detection')} ${DATA.detections.length === 1 ? 'looks' : 'look'} for ${plural(uids.size, 'ATT&CK technique')}.`),
    h('div', { class: 'meter', role: 'img', 'aria-label': `${tally('answered')} answered, ${tally('partly')} partly, ${tally('not yet')} not yet` },
      ['answered', 'partly', 'not yet'].map((state) => {
        const part = h('span', { class: state.replace(' ', '-') });
        part.style.flexGrow = tally(state);
        return part;
      })),
    h('p', { class: 'note' }, 'A tile shows how many detections and marts answer how many behaviours; a dot, that there are findings.'),
    h('div', { class: 'split' }, grid, panel),
    h('h2', {}, 'ATT&CK techniques'),
    h('div', { class: 'attack' }, [...techniques].map(([tactic, members]) => h('section', {}, h('h3', {}, tactic),
      h('ul', {}, [...members].sort().map(([uid, t]) => h('li', {}, h('b', {}, uid), ' ', t.name,
        h('span', { class: 'dim' }, ` ${plural(t.detections.size, 'detection')}, ${plural(FINDINGS.filter((f) => t.detections.has(f.detection)).length, 'finding')}`))))))),
  ];
}
