// Damages files as tests/verifiers/test_fuzzing.py does, in the page, and asks the verifier about each of them.
async ([origin, seed, count, files, characters]) => {
  const { verify } = await import(`${origin}/verify.js`);
  const bytesOf = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const usual = bytesOf(characters);

  // Mulberry32: the same numbers for the same seed, in every browser.
  let state = seed >>> 0;
  const below = (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
  const oneOf = (choices) => choices[below(choices.length)];

  const damagedOnce = (data) => {
    const at = below(data.length + 1);
    const removed = data.subarray(at, at + oneOf([0, 1, 1, 2, 30]));
    const instead = oneOf([[], [oneOf(usual)], [below(256)], [...removed, ...removed]]);
    return Uint8Array.from([...data.subarray(0, at), ...instead, ...data.subarray(at + removed.length)]);
  };
  const damaged = (data) => {
    for (let times = oneOf([1, 1, 1, 2, 5]); times > 0; times -= 1) data = damagedOnce(data);
    return data;
  };

  const said = ({ receipts, checkpoint }) => (receipts.length ? receipts.map(({ digest }) => digest) : [checkpoint.text]);
  const sound = files.map(({ file, keys, truth, each }) => ({
    file: bytesOf(file), keys: bytesOf(keys), truth: new Set(truth), each,
  }));
  const found = {};
  const lies = [];
  for (let done = 0; done < count; done += 1) {
    const { file, keys, truth, each } = oneOf(sound);
    const bytes = damaged(file);
    const report = await verify({ file: bytes, keys, each });
    const verdict = report.exitCode === 0 ? "valid" : (report.reason ?? "usage");
    found[verdict] = (found[verdict] ?? 0) + 1;
    const isTrue = report.exitCode !== 0 || said(report).every((claim) => truth.has(claim));
    if (!isTrue) lies.push(btoa(String.fromCharCode(...bytes)));
  }
  return [found, lies];
}
