package media

import "crypto/rand"

// LegID names one connection of one person. It cannot be guessed.
type LegID string

func newLegID() LegID { return LegID(rand.Text()) }

// leg is one connection as the room sees it. The room calls it from one goroutine at a time. A PeerConnection is one
// kind (peerconn.go); whatever encrypts and sends can be another.
type leg interface {
	// slots is how many slot streams the other side takes.
	slots() int

	// ssrc is the SSRC under which a slot is sent.
	ssrc(slot int) uint32

	// send patches, encrypts and sends one slot packet. It neither blocks nor keeps b.
	send(b *build, seq uint16)

	// report sends a receiver report on what the other side sends.
	report(r report)

	// close ends the connection and returns at once. Nothing is sent or delivered after it.
	close()

	// done is closed when everything the leg started has ended.
	done() <-chan struct{}
}

// ear is what a leg tells the room about itself. Each leg calls it from its own goroutines.
type ear interface {
	// opened says that packets can be sent.
	opened()

	// heard delivers one decrypted RTP packet from a line that the other side sends on: the microphone, or another
	// node's slot. raw is only valid during the call.
	heard(raw []byte)

	// reported delivers one decrypted RTCP packet about a slot, or about what the other side sends.
	reported(slot int, raw []byte)

	// closed says that the connection has ended by itself.
	closed()
}

// microphone stands for what the other side sends where slots are numbered.
const microphone = -1

// Options are what a caller knows of a client that its offer does not say.
type Options struct {
	// Compat offers AES_CM_128_HMAC_SHA1_80 (RFC 5764) beside AEAD_AES_128_GCM (RFC 7714), for clients without GCM,
	// such as aiortc or GStreamer before 1.24. Browsers choose GCM only if it is offered alone.
	Compat bool

	// For is what the connection is for.
	For Purpose

	// Guest says that it is somebody's who only listens, under a key for the occasion. Half of the connections that may be on
	// their way at once are not for guests, of whom anybody can be as many as they like.
	Guest bool
}

// Purpose is what one of a person's connections is for. There is one of each kind but Ear: a new one takes the place of
// the last.
type Purpose int

const (
	// Both is the person's own connection: it hears the room, and brings their microphone.
	Both Purpose = iota
	// Voice is another program that speaks for the person and hears nothing. While it is there, it is what is heard of
	// them, and not their own microphone.
	Voice
	// Ear is one more program that hears what the person hears, and says nothing.
	Ear
)
