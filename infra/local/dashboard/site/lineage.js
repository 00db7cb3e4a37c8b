// Lineage: the chain of one change, from the commit to the resource, as the marts' edges say it.
const KINDS = { commit: 'commit', push: 'push', change_request: 'change request', pull_request: 'pull request', run: 'pipeline run', workflow_run: 'workflow run', subject: 'OIDC subject', oidc_subject: 'OIDC subject', session: 'role session', role_session: 'role session', api_call: 'API call', resource: 'resource', artifact: 'artifact', deployment: 'deployment' };
const kindOf = (kind) => KINDS[kind] || visible(kind).replaceAll('_', ' ');
const LINEAGE_NODES = 60;

// The edges that lead to a node and on from it: backwards to every origin, forwards to what came of it.
function around(kind, uid) {
  const key = (k, u) => k + '\n' + u;
  const into = Map.groupBy(DATA.lineage.edges, (e) => key(e.to_kind, e.to_uid));
  const outOf = Map.groupBy(DATA.lineage.edges, (e) => key(e.from_kind, e.from_uid));
  const edges = new Set();
  const nodes = new Set([key(kind, uid)]);
  let cut = false;
  const walk = (start, next, end) => {
    const queue = [start];
    const seen = new Set(queue);
    while (queue.length) {
      for (const edge of next.get(queue.shift()) || []) {
        const other = end(edge);
        if (!nodes.has(other) && nodes.size >= LINEAGE_NODES) { cut = true; continue; }
        edges.add(edge);
        nodes.add(other);
        if (!seen.has(other)) { seen.add(other); queue.push(other); }
      }
    }
  };
  walk(key(kind, uid), into, (e) => key(e.from_kind, e.from_uid));
  walk(key(kind, uid), outOf, (e) => key(e.to_kind, e.to_uid));
  return { edges: [...edges], nodes: [...nodes].map((n) => n.split('\n')), cut };
}

function drawing(kind, uid) {
  const { edges, nodes, cut } = around(kind, uid);
  if (!edges.length) return { edges, node: h('p', { class: 'note' }, 'No edge leads to this change: nothing on record says where it comes from.') };
  const key = (k, u) => k + '\n' + u;
  const depth = new Map(nodes.map(([k, u]) => [key(k, u), 0]));
  for (let round = 0; round < nodes.length; round += 1) {  // longest path; a cycle ends with the rounds
    for (const e of edges) depth.set(key(e.to_kind, e.to_uid), Math.max(depth.get(key(e.to_kind, e.to_uid)), Math.min(nodes.length, depth.get(key(e.from_kind, e.from_uid)) + 1)));
  }
  const levels = [...new Set(depth.values())].sort((a, b) => a - b);
  const columns = levels.map((level) => nodes.filter(([k, u]) => depth.get(key(k, u)) === level));
  const [wide, tall, gap, row] = [176, 46, 64, 66];
  const height = Math.max(...columns.map((c) => c.length)) * row + 30;
  const place = new Map();
  columns.forEach((members, x) => members.forEach(([k, u], y) => place.set(key(k, u), [x * (wide + gap) + 4, 24 + (height - 24) / 2 - (members.length * row) / 2 + y * row])));
  const short = (text) => { const t = visible(text); return t.length > 27 ? '…' + t.slice(-26) : t; };
  const drawn = s('svg', { class: 'lineage', width: columns.length * (wide + gap), height, role: 'img', 'aria-label': `Lineage with ${plural(nodes.length, 'node')} and ${plural(edges.length, 'edge')}; the table below says the same` },
    s('defs', {}, s('marker', { id: 'arrow', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto' }, s('path', { d: 'M0 0 8 4 0 8z' }))),
    edges.map((e) => {
      const [x1, y1] = place.get(key(e.from_kind, e.from_uid));
      const [x2, y2] = place.get(key(e.to_kind, e.to_uid));
      const [sx, sy, ex, ey] = [x1 + wide, y1 + tall / 2, x2, y2 + tall / 2];
      return s('g', { class: 'edge' + (e.confidence !== null && e.confidence < 1 ? ' inferred' : '') }, s('title', {}, `${visible(e.method)}, confidence ${e.confidence}`),
        s('path', { d: `M${sx} ${sy} C${sx + gap / 2} ${sy} ${ex - gap / 2} ${ey} ${ex} ${ey}`, 'marker-end': 'url(#arrow)' }));
    }),
    nodes.map(([k, u]) => {
      const [x, y] = place.get(key(k, u));
      return s('g', { class: 'node' + (k === kind && u === uid ? ' chosen' : ''), transform: `translate(${x} ${y})` }, s('title', {}, visible(u)),
        s('rect', { width: wide, height: tall, rx: 6 }), s('text', { x: 10, y: 18, class: 'kind' }, kindOf(k)), s('text', { x: 10, y: 35 }, short(u)));
    }));
  return { edges, node: h('div', {}, h('div', { class: 'scroll', tabindex: 0, 'aria-label': 'drawing' }, drawn),
    cut ? h('p', { class: 'note' }, `Drawn: the nearest ${LINEAGE_NODES} nodes.`) : null) };
}

function lineageView(chosenUid) {
  if (!DATA.lineage.present) {
    return [h('h1', {}, 'Lineage'), h('p', { class: 'lead' }, 'This lake has no lineage yet: ', h('code', {}, 'marts.lineage_edge'), ' and ', h('code', {}, 'marts.lineage_change'), ' are not there. They come with a source of version control and ', h('code', {}, 'catchment correlate'), '.')];
  }
  const changes = DATA.lineage.changes;
  const outside = changes.filter((c) => c.origin !== 'pipeline').length;
  const stage = h('section', { 'aria-live': 'polite' });
  function show(uid) {
    const c = changes.find((one) => one.uid === uid);
    if (!c) { stage.replaceChildren(); return; }
    const { node, edges } = drawing('api_call', c.uid);
    stage.replaceChildren(
      h('h2', {}, log(c.title)),
      facts([['time (UTC)', h('time', {}, when(c.time))], ['origin', c.origin], ...c.facts.map(([name, value]) => [name.replaceAll('_', ' '), value])]), node,
      edges.length ? sortable([
        { name: 'From', text: (e) => [h('span', { class: 'dim' }, kindOf(e.from_kind), ' '), log(e.from_uid)], key: (e) => e.from_kind },
        { name: 'To', text: (e) => [h('span', { class: 'dim' }, kindOf(e.to_kind), ' '), log(e.to_uid)], key: (e) => e.to_kind },
        { name: 'Method', text: (e) => log(e.method), key: (e) => e.method },
        { name: 'Confidence', text: (e) => e.confidence ?? '–', key: (e) => e.confidence, numeric: true },
        { name: 'Evidence', text: (e) => count(e.evidence), key: (e) => e.evidence, numeric: true },
      ], edges, { sort: 0, caption: 'The edges of the drawing' }).node : null);
  }
  const list = sortable([
    { name: 'Time (UTC)', text: (c) => when(c.time), key: (c) => c.time, class: 'tight' },
    { name: 'Change', text: (c) => h('a', { href: '#lineage/' + enc(c.uid), class: 'title' }, log(c.title)), key: (c) => c.title, class: 'wide' },
    { name: 'Origin', text: (c) => h('span', { class: c.origin === 'pipeline' ? 'state answered' : 'state not-yet' }, visible(c.origin)), key: (c) => c.origin },
    { name: 'Author', text: (c) => log(c.author), key: (c) => c.author },
  ], changes, { sort: 0, down: true, limit: 50, empty: 'No change is on record.' });
  show(chosenUid || (changes.find((c) => c.origin === 'pipeline') || changes[0] || {}).uid);
  return [
    h('h1', {}, 'Lineage'),
    h('p', { class: 'lead' }, `${plural(DATA.lineage.total, 'change')} of cloud resources; of those here ${count(outside)} came about outside a pipeline.`),
    stage, h('h2', {}, 'Changes'), list.node, capped(changes.length, DATA.lineage.total, 'changes, the latest'),
    capped(DATA.lineage.edges.length, DATA.lineage.edges_total, 'edges, the latest'),
  ];
}
