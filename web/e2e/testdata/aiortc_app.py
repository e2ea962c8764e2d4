"""An app on aiortc. Usage: aiortc_app.py speak|listen ENDPOINT TOKEN [WAV]

Prints "connected", and while it listens, ten times a second, "rms" and the loudness of what it has decoded, 0 to 1. It
ends, by DELETE, when its input does.
"""
import asyncio
import sys
import urllib.parse
import urllib.request

import numpy
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer


def ask(method, url, token, body=None, kind=None):
    headers = {"Authorization": "Bearer " + token}
    if kind:
        headers["Content-Type"] = kind
    return urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=10)


async def measure(track):
    heard, samples = 0.0, 0
    while True:
        frame = await track.recv()
        pcm = frame.to_ndarray().astype(numpy.float64) / 32768
        heard, samples = heard + float((pcm**2).sum()), samples + pcm.size
        if samples >= 9600:
            print("rms %.5f" % (heard / samples) ** 0.5, flush=True)
            heard, samples = 0.0, 0


async def main(what, endpoint, token, wav=None):
    pc, tasks = RTCPeerConnection(), []
    if what == "speak":
        pc.addTrack(MediaPlayer(wav, loop=True).audio)
    else:
        pc.addTransceiver("audio", direction="recvonly")

    @pc.on("track")
    def heard(track):
        tasks.append(asyncio.ensure_future(measure(track)))

    @pc.on("connectionstatechange")
    def changed():
        print(pc.connectionState, flush=True)

    await pc.setLocalDescription(await pc.createOffer())
    answer = ask("POST", endpoint, token, pc.localDescription.sdp.encode(), "application/sdp")
    session = urllib.parse.urljoin(endpoint, answer.headers["Location"])
    await pc.setRemoteDescription(RTCSessionDescription(answer.read().decode(), "answer"))
    await asyncio.get_event_loop().run_in_executor(None, sys.stdin.read)
    ask("DELETE", session, token)
    print("deleted", flush=True)
    await pc.close()


asyncio.run(main(*sys.argv[1:]))
