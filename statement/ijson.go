package statement

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/identity"
)

// maxDepth is how deep objects and arrays may nest: one more than the deepest body has.
const maxDepth = 4

// integerPattern is the one way to write a number: no fraction, no exponent, no minus zero.
var integerPattern = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)

// decode reads raw as one I-JSON object (RFC 7493) into the struct that to points at. Names are case-sensitive, every
// member must be known, and every field must be there unless it is omitzero. The errors come in a fixed order, so that
// every implementation gives the same reason: what is no I-JSON; then members of the wrong type, unknown or missing;
// last strings that stand for a key and are none, as an [identity.ErrKey].
func (p *Parser) decode(raw []byte, to any) error {
	if err := checkIJSON(raw); err != nil {
		return err
	}
	if p.claims == nil {
		p.claims = json.UnmarshalFromFunc(p.readKey)
	}
	p.badKey = nil
	if err := json.Unmarshal(raw, to, json.RejectUnknownMembers(true), json.WithUnmarshalers(p.claims)); err != nil {
		return err
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal(raw, &members); err != nil {
		return err
	}
	of := reflect.ValueOf(to).Elem()
	if err := completeMembers(members, of.Type()); err != nil {
		return err
	}
	if err := checkOptional(members, of); err != nil {
		return err
	}
	return p.badKey
}

// readKey reads a claim that is a key. One that is none is kept for the end of decode.
func (p *Parser) readKey(d *jsontext.Decoder, to *identity.PublicKey) error {
	token, err := d.ReadToken()
	if err != nil {
		return err
	}
	if token.Kind() != jsontext.KindString {
		return errors.New("a key is a string")
	}
	k, err := p.key(token.String())
	if err != nil {
		p.badKey = err
		return nil
	}
	*to = k
	return nil
}

// checkIJSON accepts the bytes of one I-JSON object, without null, which no statement has a use for.
func checkIJSON(raw []byte) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(raw)) // refuses duplicate names, bad UTF-8 and lone surrogates
	if d.PeekKind() != jsontext.KindBeginObject {
		return errors.New("not a JSON object")
	}
	for first := true; first || d.StackDepth() > 0; first = false {
		token, err := d.ReadToken()
		if err != nil {
			return err
		}
		if d.StackDepth() > maxDepth {
			return errors.New("nested too deep")
		}
		if err := checkToken(token); err != nil {
			return err
		}
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("something after the JSON object")
	}
	return nil
}

func checkToken(token jsontext.Token) error {
	switch token.Kind() {
	case jsontext.KindNull:
		return errors.New("null")
	case jsontext.KindNumber:
		n, err := strconv.ParseInt(token.String(), 10, 64)
		if err != nil || !integerPattern.MatchString(token.String()) || n > MaxInt || n < -MaxInt {
			return errors.New("a number that is not an integer within 2^53-1")
		}
	case jsontext.KindString:
		if strings.ContainsFunc(token.String(), isNoncharacter) {
			return errors.New("a Unicode noncharacter")
		}
	default: // brackets, and booleans, which the claims' types refuse
	}
	return nil
}

// isNoncharacter reports the code points that Unicode sets aside for ever and RFC 7493, section 2.1, forbids.
func isNoncharacter(r rune) bool {
	return r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe
}

// complete finds fields of t that raw does not mention: an absent member is not a zero.
func complete(raw jsontext.Value, t reflect.Type) error {
	switch {
	case t.Kind() == reflect.Pointer:
		return complete(raw, t.Elem())
	case t.Kind() == reflect.Struct:
		return completeStruct(raw, t)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		var items []jsontext.Value
		if err := json.Unmarshal(raw, &items); err != nil {
			return err
		}
		for _, item := range items {
			if err := completeStruct(item, t.Elem()); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkOptional finds optional members that are there and say nothing: one meaning has one text. A list may be empty.
func checkOptional(members map[string]jsontext.Value, of reflect.Value) error {
	for field, value := range of.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		member, present := members[name]
		if !present || options != "omitzero" {
			continue
		}
		if value = reflect.Indirect(value); value.Kind() == reflect.Struct {
			var inner map[string]jsontext.Value
			if err := json.Unmarshal(member, &inner); err != nil {
				return err
			}
			if err := checkOptional(inner, value); err != nil {
				return err
			}
		} else if value.IsZero() {
			return fmt.Errorf("member %s is there, and empty", name)
		}
	}
	return nil
}

func completeStruct(raw jsontext.Value, t reflect.Type) error {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(raw, &members); err != nil {
		return err
	}
	return completeMembers(members, t)
}

func completeMembers(members map[string]jsontext.Value, t reflect.Type) error {
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		member, present := members[name]
		switch {
		case present:
			if err := complete(member, field.Type); err != nil {
				return err
			}
		case name != "" && options != "omitzero":
			return fmt.Errorf("member %s is missing", name)
		}
	}
	return nil
}
