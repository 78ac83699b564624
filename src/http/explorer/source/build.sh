#!/usr/bin/env bash
# Rebuilds explorer.js, explorer.css and LICENSES.txt in the folder above from main.jsx and package.json.
# Needs node, npm and a package registry; works in a temporary folder and leaves nothing behind.
set -euo pipefail

source=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$(dirname "$source")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$source/main.jsx" "$source/package.json" "$work/"
cd "$work"
npm install --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error

npx --no-install esbuild main.jsx --bundle --minify --jsx=automatic --target=es2020 \
  --define:process.env.NODE_ENV='"production"' --legal-comments=none --charset=utf8 \
  --metafile=meta.json --outfile=explorer.js

# GraphiQL's style sheet carries 300 kB of fonts; the system's own do as well.
sed -E 's/@font-face ?\{[^}]*\}//g' explorer.css >"$out/explorer.css"
cp explorer.js "$out/explorer.js"

# Every package that put a byte into the bundle, with the licence text it ships.
node --input-type=module >"$out/LICENSES.txt" <<'JS'
import { existsSync, readFileSync, readdirSync } from "node:fs";
const inputs = Object.values(JSON.parse(readFileSync("meta.json")).outputs)
  .flatMap((output) => Object.entries(output.inputs))
  .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  .map(([path]) => path.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/)?.[0])
  .filter(Boolean);
const texts = new Map();
for (const folder of [...new Set(inputs)].sort()) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`));
  if (!license) throw new Error(`${name} declares no licence`);
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text = file
    ? readFileSync(`${folder}/${file}`, "utf8").replace(/\r/g, "").trim()
    : `${license}, as its manifest says; the package ships no licence text of its own.`;
  texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`]);
}
console.log("explorer.js and explorer.css are built from the packages below.");
for (const [text, names] of texts) {
  console.log(`\n${"=".repeat(80)}\n${names.join("\n")}\n${"-".repeat(80)}\n${text}`);
}
JS

wc -c "$out"/explorer.js "$out"/explorer.css
