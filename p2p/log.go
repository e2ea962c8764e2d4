package p2p

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// The log protocol: whoever opens the stream sends one frame, the log's origin, a newline, and the path of a resource
// within it, and closes its side. The other answers with a frame that holds the word "ok" or a reason of refusal; after
// "ok" comes one more frame, the resource.
const (
	logProtocol = "/stoa/log/1"

	maxLogRequest  = 1 << 10
	maxLogStatus   = 64
	maxLogResource = 4 << 20 // 256 statements of at most 4 KiB, as JSON, four times over

	logWait  = 30 * time.Second // 4 MiB at 1.1 Mbit/s
	logReads = 4                // at once, of one node
	logOK    = "ok"
)

// logReason is what a reason looks like, of this version or a later one.
var logReason = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// ReadLog reads one resource of a log from a node: "checkpoint", "tile/…" or "statements/…". What the node refuses
// comes back with its reason. At most four reads of one node run at once; others wait for their turn.
func (h *Host) ReadLog(ctx context.Context, node identity.PublicKey, origin, path string) ([]byte, error) {
	ctx, stop := context.WithTimeout(ctx, logWait)
	defer stop()
	done, err := h.reads.wait(ctx, node)
	if err != nil {
		return nil, fmt.Errorf("p2p: %w", err)
	}
	defer done()
	id, err := h.reach(node, nil)
	if err != nil {
		return nil, err
	}
	s, err := h.open(ctx, id, logProtocol)
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	body, err := exchangeLog(s, origin, path)
	if err != nil {
		_ = s.Reset()
		if isOffence(err) {
			h.Penalize(node)
		}
		return nil, err
	}
	return body, s.Close()
}

func exchangeLog(s network.Stream, origin, path string) ([]byte, error) {
	request := origin + "\n" + path
	if _, _, err := parseLogRequest([]byte(request)); err != nil {
		return nil, reason.Reject(reason.RequestInvalid, "%v", err) // ours, so nobody else is to blame
	}
	if _, err := s.Write(appendFrame(nil, []byte(request))); err != nil {
		return nil, fmt.Errorf("p2p: %w", err)
	}
	_ = s.CloseWrite() // it fails when the other has answered already, and whether it has is seen next
	return readLogAnswer(bufio.NewReader(s))
}

func readLogAnswer(r *bufio.Reader) ([]byte, error) {
	status, err := readFrame(r, maxLogStatus)
	if err != nil {
		return nil, half(err)
	}
	if string(status) != logOK {
		if !logReason.Match(status) {
			return nil, offence("%q is no reason", status)
		}
		return nil, reason.Reject(reason.Reason(status), "the other node says so")
	}
	body, err := readFrame(r, maxLogResource)
	return body, half(err)
}

// half says that an answer ended where a frame was due.
func half(err error) error {
	if errors.Is(err, io.EOF) {
		return reason.Reject(reason.StreamInvalid, "half an answer")
	}
	return err
}

// parseLogRequest takes a request apart. Both parts are printable ASCII without spaces, and the path is relative and
// stays within its log; whether it names anything is for the log to say.
func parseLogRequest(frame []byte) (origin, path string, err error) {
	if len(frame) > maxLogRequest {
		return "", "", offence("a log request of %d bytes", len(frame))
	}
	o, p, ok := bytes.Cut(frame, []byte("\n"))
	if !ok || len(o) == 0 || len(p) == 0 || p[0] == '/' || bytes.Contains(p, []byte("..")) {
		return "", "", offence("%q is no log request", frame)
	}
	for _, part := range [][]byte{o, p} {
		for _, b := range part {
			if b <= ' ' || b > '~' {
				return "", "", offence("%q is no log request", frame)
			}
		}
	}
	return string(o), string(p), nil
}

// serveLog answers a peer that reads.
func (h *Host) serveLog(node identity.PublicKey, s network.Stream) {
	err := h.answerLog(node, s)
	if err != nil {
		_ = s.Reset()
	}
	if isOffence(err) {
		h.Penalize(node)
	}
}

func (h *Host) answerLog(node identity.PublicKey, s network.Stream) error {
	if err := s.SetReadDeadline(time.Now().Add(firstFrameWait)); err != nil {
		return fmt.Errorf("p2p: %w", err)
	}
	frame, err := readFrame(bufio.NewReader(s), maxLogRequest)
	if err != nil {
		return err
	}
	origin, path, err := parseLogRequest(frame)
	if err != nil {
		return err
	}
	body, err := h.cfg.Logs.Read(node, origin, path)
	if err == nil && len(body) > maxLogResource {
		err = reason.Reject(reason.Internal, "a resource of %d bytes", len(body))
		h.log.Error("p2p: log", "origin", origin, "path", path, "err", err)
	}
	answer := appendFrame(nil, []byte(logOK))
	if err != nil {
		answer = appendFrame(nil, []byte(reason.Of(err)))
	} else {
		answer = appendFrame(answer, body)
	}
	if err := s.SetWriteDeadline(time.Now().Add(logWait)); err != nil {
		return fmt.Errorf("p2p: %w", err)
	}
	if _, err := s.Write(answer); err != nil {
		return fmt.Errorf("p2p: %w", err)
	}
	return s.Close()
}
