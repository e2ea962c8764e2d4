#!/usr/bin/env python3
"""Makes the recordings beside it. Needs espeak-ng, sox and libopus.so.0 (Debian: espeak-ng sox libopus0).

traces.txt   one voice a line: name, then one byte a 20 ms frame as hex: the RFC 6464 level, then the Opus payload size
             (255 for more). Speech with the pauses of a conversation, and one open microphone with only noise.
*.voice      a few seconds of the same voices as Opus: for each frame level (1 byte), size (2 bytes, big endian), payload.
"""
import ctypes, math, os, struct, subprocess, sys, tempfile, wave

RATE, FRAME = 48000, 960
VOICES = [  # name, espeak voice, pitch, speed, gain of sox, what is said with pauses in seconds between
    ("ann", "en-us+f2", 60, 170, 0.9, [0.0, "Good evening everybody, and thank you for coming to this room.", 1.6, "Let us begin with the first question from the audience.", 2.5, "I think that is right, but what about the people who cannot be here tonight?", 3.0, "Yes."]),
    ("ben", "en-gb+m3", 40, 160, 0.5, [2.0, "Well, I have been waiting to say something about that for quite a while now, because it matters a great deal to the people I work with every day.", 0.4, "And nobody else has said it.", 4.0, "Exactly.", 1.0, "Exactly that."]),
    ("eve", "en-gb-scotland+f4", 70, 190, 0.25, [1.0, "Can I come in here?", 2.0, "Hello? Can I come in?", 0.8, "I only wanted to add that the harbour was closed all winter.", 1.5, "So nobody could have seen the ship.", 5.0, "Right."]),
    ("tom", "en-us+m7", 30, 140, 0.7, [4.0, "Mhm.", 1.2, "Mhm, yes.", 2.2, "That is what they told us at the time, and we believed it, and then the letters came.", 0.9, "Twelve letters in a week.", 2.0, "Ha ha ha."]),
    ("zoe", "en-us+f5", 80, 200, 0.35, [0.5, "Sorry, sorry, go on.", 6.0, "What I find so interesting is how quickly everybody agreed.", 0.3, "Does that not worry you?", 0.3, "It worries me.", 3.0, "Anyway."]),
]

opus = ctypes.CDLL("libopus.so.0")
opus.opus_encoder_create.restype = ctypes.c_void_p


def encoder(bitrate=32000):
    err = ctypes.c_int()
    enc = opus.opus_encoder_create(RATE, 1, 2048, ctypes.byref(err))  # 2048: VOIP
    enc = ctypes.c_void_p(enc)
    opus.opus_encoder_ctl(enc, 4002, ctypes.c_int(bitrate))  # OPUS_SET_BITRATE
    opus.opus_encoder_ctl(enc, 4010, ctypes.c_int(5))  # OPUS_SET_COMPLEXITY
    return enc


def encode(enc, pcm):
    out = (ctypes.c_ubyte * 1500)()
    buf = (ctypes.c_int16 * FRAME)(*pcm)
    n = opus.opus_encode(enc, buf, FRAME, out, 1500)
    assert n > 0, n
    return bytes(out[:n])


def level(pcm):  # RFC 6464: -dBov of the frame's RMS, 127 for digital silence
    rms = math.sqrt(sum(s * s for s in pcm) / len(pcm)) / 32768
    return 127 if rms == 0 else min(127, max(0, round(-20 * math.log10(rms))))


def speech(name, voice, pitch, speed, gain, script, tmp):
    parts = []
    for i, item in enumerate(script):
        f = os.path.join(tmp, f"{name}{i}.wav")
        if isinstance(item, float):
            subprocess.run(["sox", "-n", "-r", str(RATE), "-c", "1", "-b", "16", f, "trim", "0", str(item or 0.02)], check=True)
        else:
            raw = f + ".raw.wav"
            subprocess.run(["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(speed), "-w", raw, item], check=True)
            subprocess.run(["sox", "-v", str(gain), raw, "-r", str(RATE), "-c", "1", "-b", "16", f], check=True)
        parts.append(f)
    whole = os.path.join(tmp, name + ".wav")
    subprocess.run(["sox", "-D", *parts, whole], check=True)
    w = wave.open(whole)
    data = w.readframes(w.getnframes())
    pcm = list(struct.unpack(f"<{len(data) // 2}h", data))
    seed = 1
    for i in range(len(pcm)):  # the hiss of a quiet room, about -70 dBov
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        pcm[i] = max(-32768, min(32767, pcm[i] + (seed >> 16) % 37 - 18))
    return pcm


def frames(pcm):
    enc = encoder()
    for i in range(0, len(pcm) - FRAME + 1, FRAME):
        part = pcm[i : i + FRAME]
        yield level(part), encode(enc, part)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as tmp, open(os.path.join(here, "traces.txt"), "w") as out:
        for v in VOICES:
            pcm = speech(*v, tmp)
            fs = list(frames(pcm))
            out.write(f"{v[0]} {bytes(l for l, _ in fs).hex()} {bytes(min(255, len(p)) for _, p in fs).hex()}\n")
            first = next(i for i, (l, _) in enumerate(fs) if l < 45)
            with open(os.path.join(here, v[0] + ".voice"), "wb") as f:
                for l, p in fs[first : first + 150]:
                    f.write(struct.pack(">BH", l, len(p)) + p)
        seed, noise = 7, []
        for _ in range(RATE * 20):  # an open microphone beside a fan, about -48 dBov
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            noise.append((seed >> 16) % 451 - 225)
        fs = list(frames(noise))
        out.write(f"fan {bytes(l for l, _ in fs).hex()} {bytes(min(255, len(p)) for _, p in fs).hex()}\n")


if __name__ == "__main__":
    sys.exit(main())
