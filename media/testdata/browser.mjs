// Drives Chromium for browser_test.go: opens one page a person, connects each to the room, and answers every line on
// stdin with one line of measurements. Arguments: the web folder (for Playwright), the browser, the WAV for its
// microphone, the URL of the test's server, then one person number a page, with "+" for those who send.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [web, executablePath, wav, url, ...people] = process.argv.slice(2);
const { chromium } = createRequire(`${web}/package.json`)('@playwright/test');

const browser = await chromium.launch({
  executablePath,
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${wav}`,
    '--autoplay-policy=no-user-gesture-required',
  ],
});

// connect runs in the page.
async function connect({ number, sends, slots }) {
  const pc = new RTCPeerConnection();
  const sources = {};
  Object.assign(window, { pc, sources });
  for (let i = 0; i < slots; i++) pc.addTransceiver('audio', { direction: 'recvonly' });
  const mic = pc.addTransceiver('audio', { direction: 'sendonly' });
  const receivers = pc.getTransceivers().slice(0, slots).map((t) => t.receiver);
  for (const r of receivers) {
    const audio = document.createElement('audio');
    audio.autoplay = true;
    audio.srcObject = new MediaStream([r.track]);
    document.body.append(audio);
  }
  setInterval(() => {
    for (const r of receivers) {
      for (const s of r.getContributingSources()) {
        if (performance.timeOrigin + performance.now() - s.timestamp > 200) continue;
        const at = (sources[s.source] ??= { seen: 0, loudest: -1 });
        at.seen++;
        at.loudest = Math.max(at.loudest, s.audioLevel ?? -1);
      }
    }
  }, 50);
  const start = performance.now();
  const connected = new Promise((resolve, reject) => {
    pc.onconnectionstatechange = () => {
      if (pc.connectionState === 'connected') resolve(performance.now() - start);
      if (pc.connectionState === 'failed') reject(new Error('connection failed'));
    };
  });
  await pc.setLocalDescription(await pc.createOffer());
  const offer = pc.localDescription.sdp;
  const response = await fetch(`/offer?person=${number}`, { method: 'POST', body: offer });
  if (!response.ok) throw new Error(await response.text());
  const answer = await response.text();
  await pc.setRemoteDescription({ type: 'answer', sdp: answer });
  const ms = await connected;
  if (sends) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    await mic.sender.replaceTrack(stream.getAudioTracks()[0]);
  }
  return { number, ms, offer, answer, state: pc.signalingState };
}

// measure runs in the page.
async function measure() {
  const out = { sources: structuredClone(window.sources), inbound: [], outbound: null, remote: null, srtp: '' };
  for (const s of (await window.pc.getStats()).values()) {
    if (s.type === 'inbound-rtp') {
      out.inbound.push({
        mid: s.mid, packets: s.packetsReceived, lost: s.packetsLost, samples: s.totalSamplesReceived,
        concealed: s.concealedSamples, silent: s.silentConcealedSamples, events: s.concealmentEvents,
        energy: s.totalAudioEnergy, delay: s.jitterBufferDelay, emitted: s.jitterBufferEmittedCount,
      });
    }
    if (s.type === 'outbound-rtp') out.outbound = { packets: s.packetsSent, bytes: s.bytesSent };
    if (s.type === 'remote-inbound-rtp') out.remote = { lost: s.fractionLost, rtt: s.roundTripTime ?? -1 };
    if (s.type === 'transport') out.srtp = s.srtpCipher;
  }
  return out;
}

const pages = [];
try {
  for (const person of people) {
    const page = await (await browser.newContext({ permissions: ['microphone'] })).newPage();
    await page.goto(url);
    pages.push(page);
    console.log(JSON.stringify(await page.evaluate(connect, {
      number: Number.parseInt(person, 10), sends: person.endsWith('+'), slots: 3,
    })));
  }
  for await (const _ of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await Promise.all(pages.map((p) => p.evaluate(measure)))));
  }
} finally {
  await browser.close();
}
