// SPDX-License-Identifier: Apache-2.0
//
// What the viewers of this folder have in common: their command line, WHEP, a report.
//
//     node NAME_viewer.mjs MODULES WHEP_URL SECONDS [delete|vanish [PROFILE]]
//
// MODULES is the folder where install.sh has put node_modules. Lines of JSON tell what has come so
// far; figures begin STARTUP_MS after the answer, and then last SECONDS. The end is DELETE, whose
// status is the last line, or comes without a word to the server.
import { createRequire } from 'node:module';

const REPORT_MS = 200;
// A stream starts with all since its keyframe at once, while this program is still being compiled:
// more than the socket holds.
const STARTUP_MS = 2000;

const [folder, url, seconds, end = 'delete', profile] = process.argv.slice(2);

export const onlyProfile = profile;
export const require = createRequire(`${folder}/`);

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

// Resolves to the answer and the session's URL.
export async function post(offer) {
    const headers = { 'Content-Type': 'application/sdp' };
    const response = await fetch(url, { method: 'POST', headers, body: offer });
    const text = await response.text();
    if (response.status !== 201)
        throw new Error(`${response.status} ${text}\nto ${offer}`);
    return [text, new URL(response.headers.get('Location'), url)];
}

// Calls begin(), then prints what figures() resolves to, and takes leave.
export async function watch(session, begin, figures) {
    const report = async () => console.log(JSON.stringify(await figures()));
    await sleep(STARTUP_MS);
    begin();
    const timer = setInterval(report, REPORT_MS);
    await sleep(seconds * 1000);
    clearInterval(timer);
    await report();
    if (end === 'delete') {
        const { status } = await fetch(session, { method: 'DELETE' });
        console.log(JSON.stringify({ deleted: status }));
    }
}
