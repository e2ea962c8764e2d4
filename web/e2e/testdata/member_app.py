"""A member with a client of their own, written from docs/protocol.md: it shares no code with the node or its page.

Usage: member_app.py LINK NAME QUESTION WAV. Joins by an invite link, enters the first live room, raises a hand with the
question, goes on the stage when invited, speaks the file, and says on standard output how far it is. While it listens it
prints "rms", whom it hears and how loud. What moderators do to it, and in the end its own chain, it believes only after
it has verified their signatures. It ends when its input does.
"""
import asyncio
import base64
import hashlib
import io
import json
import os
import re
import sys
import time
import urllib.request
import zipfile

import numpy
import websockets
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def say(*words):
    print(*words, flush=True)


def need(truth, what):
    if not truth:
        raise ValueError(what)


# Statements: section 1.


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    need(b64(data) == text, "not canonical")
    return data


def did_of(raw):
    number, text = int.from_bytes(b"\xed\x01" + raw, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "did:key:z" + text


def raw_of(did):
    need(did.startswith("did:key:z"), did)
    number = 0
    for char in did[9:]:
        number = number * 58 + ALPHABET.index(char)
    data = number.to_bytes(34, "big")
    need(data[:2] == b"\xed\x01", did)
    return data[2:]


class Key:
    def __init__(self, seed):
        self.private = Ed25519PrivateKey.from_private_bytes(seed)
        self.did = did_of(self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, kind, **claims):
        header = {"alg": "EdDSA", "typ": "stoa-%s+jwt" % kind, "kid": self.did}
        text = ".".join(b64(json.dumps(part).encode()) for part in (header, claims))
        return text + "." + b64(self.private.sign(text.encode()))


def statement_id(text):
    return hashlib.sha256(text.rpartition(".")[0].encode()).digest()


def read(text, kind=None):
    """The kind, signer and claims of a statement, once its signature is verified."""
    need(len(text) <= 4096 and re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}", text), "no statement")
    signed, _, signature = text.rpartition(".")
    header, claims = (json.loads(unb64(part)) for part in signed.split("."))
    need(set(header) == {"alg", "typ", "kid"} and header["alg"] == "EdDSA", "header")
    found = re.fullmatch(r"stoa-([a-z]+)\+jwt", header["typ"]).group(1)
    need(kind in (None, found), "a %s and not a %s" % (found, kind))
    Ed25519PublicKey.from_public_bytes(raw_of(header["kid"])).verify(unb64(signature), signed.encode())
    return found, header["kid"], claims


# Chains: section 2.


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def head_of(note, community, node):
    """The size and root of a log by its signed checkpoint."""
    text, signatures = note.split("\n\n")
    origin, size, root = (text + "\n").splitlines()
    need(origin == "stoa/%s/%s" % (community, node), origin)
    _, name, signature = signatures.split()
    signature = base64.b64decode(signature)
    need(name == origin and signature[:4] == sha256(origin.encode(), b"\n\x01", raw_of(node))[:4], "another key's note")
    Ed25519PublicKey.from_public_bytes(raw_of(node)).verify(signature[4:], (text + "\n").encode())
    return int(size), base64.b64decode(root)


def root_by(proof, leaf, index, size):
    """The root of a tree to which an audit path leads (RFC 9162, section 2.1.3.2)."""
    node, last = sha256(b"\x00", leaf), size - 1
    for other in proof:
        need(last > 0, "a long proof")
        if index & 1 or index == last:
            node = sha256(b"\x01", other, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = sha256(b"\x01", node, other)
        index, last = index >> 1, last >> 1
    need(last == 0, "a short proof")
    return node


def sponsors_of(chain, community, member):
    """Verifies the chain of somebody who was invited into a community of one node, and says who answers for whom."""
    need(chain["format"] == "stoa-export-1" and chain["community"] == community and chain["member"] == member, "not mine")
    heads = {node: head_of(note, community, node) for node, note in chain["checkpoints"].items()}
    rules, nodes, grants, invites, joins, sponsors, spent = None, {}, {}, {}, {}, {}, set()
    for entry in chain["statements"]:
        log, text = entry["log"], entry["statement"]
        kind, signer, says = read(text)
        (size, root), leaf = heads[log], statement_id(text)
        proof = [base64.b64decode(step) for step in entry["proof"]]
        need(root_by(proof, leaf, entry["index"], size) == root, "%s is not in the log" % kind)
        need(says["aud"] == community, "of another community")
        if kind in ("rules", "delegate"):
            need(signer == community, "not by the root")
            if kind == "rules":
                rules, sponsors[community] = says, None
            else:
                nodes[says["sub"]] = says["exp"]
        elif kind in ("grant", "admit"):
            need(signer == log and says["iat"] <= nodes[signer], "not by a node of the community")
            if kind == "grant":
                need(says["sub"] in sponsors and says["slots"] <= rules["admit_slots"], "a grant")
                grants[b64(leaf)] = says
                continue
            guest, join = joins[says["join"]]
            _, one_time, redeem = read(join["redeem"], "redeem")
            sponsor, invite = invites[redeem["invite"]]
            slot = (invite["grant"], invite["slot"])
            need(guest == says["sub"] == redeem["sub"] and one_time == invite["key"], "another's invite")
            need(slot not in spent and says["iat"] <= invite["exp"], "an invite that is spent")
            sponsors[guest] = sponsor
            spent.add(slot)
        elif kind == "invite":
            grant = grants[says["grant"]]
            need(signer in sponsors and grant["sub"] == signer and says["slot"] < grant["slots"], "a slot")
            need(says["exp"] - says["iat"] <= rules["invite_life"], "a long life")
            invites[b64(leaf)] = signer, says
        elif kind == "join":
            joins[b64(leaf)] = signer, says
        else:
            raise ValueError("a %s" % kind)
    line = [member]
    while sponsors[line[-1]] is not None:
        line.append(sponsors[line[-1]])
    return line


# Moderators: section 3.

# What a moderator has to have signed for each event that is about this member.
COMMANDS = {"stage_offered": "offer_stage", "muted": "mute", "stage_left": "move_to_audience", "unmute_asked": "ask_to_unmute"}


class Authority:
    """Believes what moderators do by their signatures alone, from the room's create statement on."""

    def __init__(self, snapshot):
        self.room, self.last = snapshot["room"]["id"], {}
        _, creator, _ = read(snapshot["create"], "create")
        need(b64(statement_id(snapshot["create"])) == self.room, "another room's create")
        self.moderators = {creator}

    def proves(self, event):
        said = event.get("offer", event)
        _, signer, act = read(event["act"], "act")
        entry = signer, act["nonce"]
        need(act["aud"] == self.room and abs(act["iat"] - event["at"] / 1000) <= 180, "another room's act")
        need(signer == said["by"] and signer in self.moderators, "no moderator's act")
        need(act["do"] == COMMANDS[event["type"]] and act["sub"] == said["key"], "another act")
        need(act["n"] > self.last.get(entry, 0), "an act said before")
        self.last[entry] = act["n"]


# The node: sections 3 to 5.


class Node:
    def __init__(self, origin):
        self.origin, self.token = origin, None
        self.says = self.ask("GET", "/node")
        self.ahead = self.says["now"] / 1000 - time.time()

    def now(self):
        return int(time.time() + self.ahead)

    def ask(self, method, path, body=None, kind="application/json"):
        headers = {"Content-Type": kind}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        data = json.dumps(body).encode() if kind == "application/json" and body is not None else body
        request = urllib.request.Request(self.origin + "/api/v1" + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            data = answer.read()
            return json.loads(data) if answer.headers["Content-Type"] == "application/json" else data


def join(link, name):
    origin, invite, seed = re.fullmatch(r"(.+)/i/([\w-]+)#([\w-]+)(?:&.*)?", link).groups()
    node, key = Node(origin), Key(os.urandom(32))
    community, now = node.says["community"]["id"], node.now()
    redeem = Key(unb64(seed)).sign("redeem", aud=community, invite=invite, sub=key.did)
    node.ask("POST", "/join", {
        "join": key.sign("join", aud=community, iat=now, redeem=redeem),
        "profile": key.sign("profile", aud=community, iat=now, name=name),
    })
    nonce = node.ask("POST", "/sessions/challenge")["nonce"]
    session = key.sign("session", aud=node.says["node"], iat=now, exp=now + 60, origin=origin, nonce=nonce)
    node.token = node.ask("POST", "/sessions", {"session": session})["token"]
    return node, key, community


async def measure(slot, receiver, csrcs):
    """Prints whom a slot carries and how loud, ten times a second. aiortc keeps no CSRC, so they are read on the way."""
    take = receiver._handle_rtp_packet

    async def notice(packet, *args, **kwargs):
        csrcs[slot] = packet.csrc
        await take(packet, *args, **kwargs)

    receiver._handle_rtp_packet = notice
    energy, samples = 0.0, 0
    while True:
        frame = await receiver.track.recv()
        pcm = frame.to_ndarray().astype(numpy.float64) / 32768
        energy, samples = energy + float((pcm**2).sum()), samples + pcm.size
        if samples >= 9600:
            for csrc in csrcs.get(slot, ()):
                say("rms", csrc, "%.5f" % (energy / samples) ** 0.5)
            energy, samples = 0.0, 0


async def main(link, name, question, wav):
    node, key, community = join(link, name)
    say("joined")
    room = "/rooms/" + node.ask("GET", "/rooms")["rooms"][0]["id"]
    async with websockets.connect(node.origin.replace("http", "ws", 1) + "/api/v1/events", max_size=None) as events:
        await events.send(json.dumps({"type": "hello", "token": node.token, "room": room.rpartition("/")[2]}))
        snapshot = json.loads(await events.recv())
        authority, number = Authority(snapshot), snapshot["n"]
        pc, csrcs = RTCPeerConnection(), {}
        slots = [pc.addTransceiver("audio", direction="recvonly").receiver for _ in range(node.says["slots"])]
        pc.addTransceiver(MediaPlayer(wav, loop=True).audio, direction="sendonly")
        await pc.setLocalDescription(await pc.createOffer())
        answer = node.ask("POST", room + "/media", pc.localDescription.sdp.encode(), "application/sdp").decode()
        tasks = [asyncio.ensure_future(measure(i, slot, csrcs)) for i, slot in enumerate(slots)]
        await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))

        def act(kind, **more):
            node.ask("POST", room + "/actions", {"type": kind, **more})

        async def follow():
            nonlocal number
            async for message in events:
                event = json.loads(message)
                if event["n"]:
                    need(event["n"] == number + 1, "event %d after %d" % (event["n"], number))
                    number = event["n"]
                about = event.get("offer", event.get("person", event)).get("key")
                if about != key.did:
                    continue
                if "act" in event:
                    authority.proves(event)
                    say("proven", event["type"])
                if event["type"] == "stage_offered":
                    act("accept_offer")
                elif event["type"] == "stage_joined":
                    act("unmute")
                elif event["type"] == "unmuted":
                    say("speaking")

        act("raise_hand", question=question)
        following = asyncio.ensure_future(follow())
        told = asyncio.get_event_loop().run_in_executor(None, sys.stdin.read)
        await asyncio.wait([following, told], return_when=asyncio.FIRST_COMPLETED)
        if following.done():
            following.result()
            raise EOFError("the node closed the connection")
        act("leave")
        following.cancel()
        for task in tasks:
            task.cancel()
        await pc.close()
    archive = zipfile.ZipFile(io.BytesIO(node.ask("GET", "/me/export")))
    say("chain of", len(sponsors_of(json.loads(archive.read("chain.json")), community, key.did)))
    say("left")


asyncio.run(main(*sys.argv[1:]))
