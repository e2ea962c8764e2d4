package statement

import (
	"reflect"
	"strings"

	"github.com/stoa-rooms/stoa/identity"
)

// Erase says that its signer leaves the community for good and is to be forgotten: whoever has it drops the texts that the
// signer's statements commit to, those about the signer, and their profile. It holds a key and a time, and stays.
type Erase struct {
	Community identity.PublicKey `json:"aud"`
	IssuedAt  int64              `json:"iat"`
}

// Kind implements Body.
func (*Erase) Kind() Kind { return KindErase }

func (e *Erase) audience() string { return e.Community.String() }

func (e *Erase) check() error { return since(e.IssuedAt) }

// Concerns reports whether a statement is signed by a key, or is about it: its sub.
func (s Statement) Concerns(key identity.PublicKey) bool {
	if s.signer == key {
		return true
	}
	for field, value := range reflect.ValueOf(s.body).Elem().Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name == "sub" && field.IsExported() && value.Interface() == any(key) {
			return true
		}
	}
	return false
}

// Commitments are the texts that a statement commits to.
func (s Statement) Commitments() []Commitment {
	var all []Commitment
	for field, value := range reflect.ValueOf(s.body).Elem().Fields() {
		if !field.IsExported() {
			continue
		}
		if c, ok := reflect.TypeAssert[*Commitment](value); ok && c != nil {
			all = append(all, *c)
		}
		if c, ok := reflect.TypeAssert[Commitment](value); ok && c != (Commitment{}) {
			all = append(all, c)
		}
	}
	return all
}
