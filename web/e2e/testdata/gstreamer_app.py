"""An app on GStreamer's webrtcbin. Usage: gstreamer_app.py speak|listen ENDPOINT TOKEN [WAV]

Prints "connected", and while it listens, ten times a second, "rms" and the loudness of what it has decoded, 0 to 1. It
ends, by DELETE, when its input does.
"""
import sys
import threading
import urllib.parse
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

Gst.init(None)
loop = GLib.MainLoop()
what, endpoint, token = sys.argv[1:4]
opus = "application/x-rtp,media=audio,encoding-name=OPUS,payload=97,clock-rate=48000,encoding-params=(string)2"
rtc = "webrtcbin name=rtc bundle-policy=max-bundle"
if what == "speak":
    pipe = Gst.parse_launch(
        f"filesrc location={sys.argv[4]} ! wavparse ! audioconvert ! audioresample ! audio/x-raw,rate=48000 ! "
        f"opusenc ! rtpopuspay pt=97 ! clocksync ! {opus} ! {rtc}"
    )
else:
    pipe = Gst.Pipeline.new()
    pipe.add(Gst.parse_launch(rtc))  # the one element by itself
bin = pipe.get_by_name("rtc")
session = None
kept = []  # Python's garbage collector knows nothing of what GStreamer still uses


def say(*words):
    print(*words, flush=True)


def ask(method, url, body=None, kind=None):
    headers = {"Authorization": "Bearer " + token}
    if kind:
        headers["Content-Type"] = kind
    return urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=10)


def negotiate():
    promise = Gst.Promise.new_with_change_func(offered)
    bin.emit("create-offer", None, promise)


def offered(promise):
    promise.wait()
    reply = promise.get_reply()
    offer = reply.get_value("offer")
    kept.extend([promise, reply, offer])
    bin.emit("set-local-description", offer, Gst.Promise.new())


def gathered(*_):
    global session
    if bin.get_property("ice-gathering-state") != GstWebRTC.WebRTCICEGatheringState.COMPLETE or session:
        return
    session = endpoint
    threading.Thread(target=post).start()


def post():
    global session
    sdp = bin.get_property("local-description").sdp.as_text()
    answer = ask("POST", endpoint, sdp.encode(), "application/sdp")
    session = urllib.parse.urljoin(endpoint, answer.headers["Location"])
    _, message = GstSdp.SDPMessage.new_from_text(answer.read().decode())
    description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
    kept.extend([message, description])
    bin.emit("set-remote-description", description, Gst.Promise.new())


def changed(*_):
    say(bin.get_property("connection-state").value_nick)


def padded(_, pad):
    if pad.direction != Gst.PadDirection.SRC:
        return
    sink = Gst.parse_bin_from_description(
        "rtpopusdepay ! opusdec ! audioconvert ! level interval=100000000 ! fakesink sync=false", True
    )
    pipe.add(sink)
    sink.sync_state_with_parent()
    pad.link(sink.get_static_pad("sink"))


def told(_, message):
    if message.type == Gst.MessageType.ERROR:
        say("error", message.parse_error())
    if message.type == Gst.MessageType.EOS and what == "speak":  # once more from the start
        pipe.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH, 0)
    s = message.get_structure()
    if s and s.get_name() == "level":
        db = max(s.get_value("rms"))
        say("rms %.5f" % (10 ** (db / 20)))


def end():
    sys.stdin.read()
    if session:
        ask("DELETE", session)
        say("deleted")
    GLib.idle_add(loop.quit)


bin.connect("notify::ice-gathering-state", gathered)
bin.connect("notify::connection-state", changed)
bin.connect("pad-added", padded)
pipe.get_bus().add_signal_watch()
pipe.get_bus().connect("message", told)
if what == "speak":
    bin.connect("on-negotiation-needed", lambda *_: negotiate())
pipe.set_state(Gst.State.PLAYING)
if what == "listen":
    bin.emit("add-transceiver", GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY, Gst.Caps.from_string(opus))
    negotiate()
threading.Thread(target=end, daemon=True).start()
loop.run()
pipe.set_state(Gst.State.NULL)
