/** Two soft notes, for an offer of the stage. Silent where the browser allows no sound yet. */
export function cue(): void {
  const context = new AudioContext();
  const gain = context.createGain();
  gain.gain.value = 0;
  gain.connect(context.destination);
  for (const [at, frequency] of [[0, 523.25], [0.16, 659.25]] as const) {
    const note = context.createOscillator();
    note.frequency.value = frequency;
    note.connect(gain);
    note.start(context.currentTime + at);
    note.stop(context.currentTime + at + 0.4);
    gain.gain.linearRampToValueAtTime(0.06, context.currentTime + at + 0.02);
    gain.gain.linearRampToValueAtTime(0, context.currentTime + at + 0.15);
  }
  setTimeout(() => void context.close(), 1000);
}
