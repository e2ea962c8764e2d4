package client

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/stoa-rooms/stoa/statement"
)

// ErrLink says that a text is not the link it should be, or only a part of one.
var ErrLink = errors.New("client: not a whole link")

// OwnerLink is the link with which one founds the community of a node: {url}/#owner={secret}.
type OwnerLink struct {
	URL    string // scheme://host[:port]
	Secret string
}

// InviteLink is the link with which one joins: {url}/i/{id}#{seed}[&room={room}]. Seed is the private half of the
// invite's one-time key; no browser sends it to a server.
type InviteLink struct {
	URL  string // scheme://host[:port]
	ID   statement.ID
	Seed [32]byte
	Room statement.ID // the room to go to afterwards; zero for none
}

// secretPattern is what a secret may look like: base64url.
var secretPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{16,100}$`)

// ParseOwnerLink reads an owner link. Errors wrap ErrLink.
func ParseOwnerLink(text string) (OwnerLink, error) {
	u, err := parseURL(text)
	if err != nil {
		return OwnerLink{}, err
	}
	secret, ok := strings.CutPrefix(u.Fragment, "owner=")
	if !ok || strings.Trim(u.Path, "/") != "" || !secretPattern.MatchString(secret) {
		return OwnerLink{}, fmt.Errorf("%w: not an owner link", ErrLink)
	}
	return OwnerLink{URL: u.Scheme + "://" + u.Host, Secret: secret}, nil
}

// ParseInviteLink reads an invite link. Errors wrap ErrLink.
func ParseInviteLink(text string) (InviteLink, error) {
	u, err := parseURL(text)
	if err != nil {
		return InviteLink{}, err
	}
	link := InviteLink{URL: u.Scheme + "://" + u.Host}
	id, ok := strings.CutPrefix(u.Path, "/i/")
	if !ok {
		return InviteLink{}, fmt.Errorf("%w: not an invite link", ErrLink)
	}
	if link.ID, err = statement.ParseID(id); err != nil {
		return InviteLink{}, fmt.Errorf("%w: the invite's id: %w", ErrLink, err)
	}
	seed, parameters, _ := strings.Cut(u.Fragment, "&")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(seed)
	if err != nil || len(raw) != len(link.Seed) {
		return InviteLink{}, fmt.Errorf("%w: the part after # is not whole", ErrLink)
	}
	link.Seed = [32]byte(raw)
	for p := range strings.SplitSeq(parameters, "&") {
		room, ok := strings.CutPrefix(p, "room=")
		if !ok {
			continue
		}
		if link.Room, err = statement.ParseID(room); err != nil {
			return InviteLink{}, fmt.Errorf("%w: the room's id: %w", ErrLink, err)
		}
	}
	return link, nil
}

// String is the link.
func (l InviteLink) String() string {
	text := l.URL + "/i/" + l.ID.String() + "#" + base64.RawURLEncoding.EncodeToString(l.Seed[:])
	if !l.Room.IsZero() {
		text += "&room=" + l.Room.String()
	}
	return text
}

// String is the link.
func (l OwnerLink) String() string { return l.URL + "/#owner=" + l.Secret }

func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%w: not an address", ErrLink) // without the address, which may hold the secret
	}
	return u, nil
}
