package statement

import (
	"encoding/base64"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// Sign makes a statement. It fails on a body that [Parse] would refuse, with the same reason, and with the signer's own
// error when that cannot sign. The body is copied: changing it afterwards changes nothing.
func Sign(body Body, signer identity.Signer) (Statement, error) {
	payload, err := json.Marshal(body)
	if err != nil {
		return Statement{}, reason.Reject(reason.StatementPayload, "%v", err)
	}
	text, err := sign(body.Kind(), payload, signer)
	if err != nil {
		return Statement{}, err
	}
	// What is signed is read back: this is what makes Sign and Parse agree, and it catches a signer that signs as
	// another key than it says.
	return Parse(text)
}

// sign wraps a payload, whatever it is.
func sign(kind Kind, payload []byte, signer identity.Signer) (string, error) {
	protected, err := json.Marshal(header{
		Algorithm: algorithm,
		Type:      "stoa-" + string(kind) + "+jwt",
		KeyID:     signer.Public().String(),
	})
	if err != nil {
		return "", fmt.Errorf("statement: %w", err)
	}
	input := base64.RawURLEncoding.EncodeToString(protected) + "." + base64.RawURLEncoding.EncodeToString(payload)
	signature, err := signer.Sign([]byte(input))
	if err != nil {
		return "", fmt.Errorf("statement: sign: %w", err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
