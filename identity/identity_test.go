package identity_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/mr-tron/base58"

	"github.com/stoa-rooms/stoa/identity"
)

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	raw, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// did writes 32 bytes, whatever they are, as a did:key.
func did(raw []byte) string { return "did:key:z" + base58.Encode(append([]byte{0xed, 0x01}, raw...)) }

// RFC 8032, section 7.1; the did:key of the first is that of RFC 8037, appendix A.
func TestRFC8032(t *testing.T) {
	for _, v := range []struct{ name, seed, public, message, signature, did string }{
		{
			"test 1",
			"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
			"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
			"",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
			"did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw",
		},
		{
			"test 2",
			"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
			"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
			"72",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
			"did:key:z6MkiaMbhXHNA4eJVCCj8dbzKzTgYDKf6crKgHVHid1F1WCT",
		},
		{
			"test 3",
			"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
			"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
			"af82",
			"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
			"did:key:z6MkwSD8dBdqcXQzKJZQFPy2hh2izzxskndKCjdmC2dBpfME",
		},
	} {
		t.Run(v.name, func(t *testing.T) {
			private, err := identity.FromSeed(unhex(t, v.seed))
			if err != nil {
				t.Fatal(err)
			}
			if got := private.Public(); hex.EncodeToString(got[:]) != v.public {
				t.Errorf("public key %x", got)
			}
			if got := private.Public().String(); got != v.did {
				t.Errorf("did:key %s", got)
			}
			signature, err := private.Sign(unhex(t, v.message))
			if err != nil || hex.EncodeToString(signature) != v.signature {
				t.Errorf("signature %x, %v", signature, err)
			}
			if !private.Public().Verify(unhex(t, v.message), signature) {
				t.Error("its own signature does not verify")
			}
			for _, at := range []int{0, 31, 32, 62} {
				flipped := append([]byte(nil), signature...)
				flipped[at] ^= 1
				if private.Public().Verify(unhex(t, v.message), flipped) {
					t.Errorf("verifies with a bit of byte %d flipped", at)
				}
			}
		})
	}
}

// smallOrder is every encoding of the eight points of small order, canonical or not.
var smallOrder = map[string]string{
	"order 1":                           "0100000000000000000000000000000000000000000000000000000000000000",
	"order 2":                           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"order 4":                           "0000000000000000000000000000000000000000000000000000000000000000",
	"order 4, x odd":                    "0000000000000000000000000000000000000000000000000000000000000080",
	"order 8":                           "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"order 8, x odd":                    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"order 8, other y":                  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"order 8, other y, x odd":           "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"order 1, minus zero":               "0100000000000000000000000000000000000000000000000000000000000080",
	"order 2, minus zero":               "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"order 4, y = p":                    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"order 4, y = p, x odd":             "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"order 1, y = p + 1":                "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"order 1, y = p + 1 and minus zero": "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
}

func TestRefusedKeys(t *testing.T) {
	bad := map[string]string{
		"not a point":                "0200000000000000000000000000000000000000000000000000000000000000",
		"y = p + 3, a good y beyond": "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"all ones":                   strings.Repeat("ff", 32),
	}
	maps.Copy(bad, smallOrder)
	for name, raw := range bad {
		if k, err := identity.FromBytes(unhex(t, raw)); !errors.Is(err, identity.ErrKey) || !k.IsZero() {
			t.Errorf("%s: FromBytes gives %v, %v", name, k, err)
		}
		if k, err := identity.ParseDID(did(unhex(t, raw))); !errors.Is(err, identity.ErrKey) || !k.IsZero() {
			t.Errorf("%s: ParseDID gives %v, %v", name, k, err)
		}
	}
	// The smallest y beyond 1 that is a point: the check above is not merely refusing what looks odd.
	if _, err := identity.FromBytes(unhex(t, "03"+strings.Repeat("00", 31))); err != nil {
		t.Errorf("y = 3: %v", err)
	}
	for _, n := range []int{0, 31, 33} {
		if _, err := identity.FromBytes(make([]byte, n)); !errors.Is(err, identity.ErrKey) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestParseDID(t *testing.T) {
	key := identity.Generate().Public()
	good := key.String()
	for name, text := range map[string]string{
		"empty":                 "",
		"prefix only":           "did:key:z",
		"no prefix":             good[len("did:key:z"):],
		"another method":        "did:web:" + good[len("did:key:"):],
		"another base":          "did:key:u" + good[len("did:key:z"):],
		"upper case":            "DID:KEY:z" + good[len("did:key:z"):],
		"fragment":              good + "#" + good[len("did:key:"):],
		"space before":          " " + good,
		"newline after":         good + "\n",
		"a leading one":         "did:key:z1" + good[len("did:key:z"):],
		"a letter not base58":   good[:20] + "0" + good[21:],
		"not ASCII":             good[:20] + "é" + good[22:],
		"cut":                   good[:len(good)-1],
		"one more":              good + "1",
		"X25519 multicodec":     "did:key:z" + base58.Encode(append([]byte{0xec, 0x01}, key[:]...)),
		"secp256k1 multicodec":  "did:key:z" + base58.Encode(append([]byte{0xe7, 0x01}, key[:]...)),
		"longer multicodec":     "did:key:z" + base58.Encode(append([]byte{0xed, 0x81, 0x00}, key[:]...)),
		"no multicodec":         "did:key:z" + base58.Encode(key[:]),
		"31 bytes":              did(key[:31]),
		"33 bytes":              did(append(key[:], 0)),
		"very long":             "did:key:z" + strings.Repeat("z", 1<<20),
		"a percent-encoded one": strings.Replace(good, ":z", "%3Az", 1),
	} {
		if k, err := identity.ParseDID(text); !errors.Is(err, identity.ErrKey) || !k.IsZero() {
			t.Errorf("%s: %v, %v", name, k, err)
		}
	}
	if k, err := identity.ParseDID(good); err != nil || k != key {
		t.Errorf("its own text: %v, %v", k, err)
	}
}

func TestVerifyRefusesWeakSignatures(t *testing.T) {
	private := identity.Generate()
	message := []byte("message")
	// S = k·a makes R = 0 hold in the equation: a signature without a nonce that the standard library accepts.
	for name, signature := range map[string][]byte{
		"empty":    {},
		"63 bytes": make([]byte, 63),
		"65 bytes": make([]byte, 65),
		"zeros":    make([]byte, 64),
		"R = 0":    identityR(t, private, message),
	} {
		if private.Public().Verify(message, signature) {
			t.Errorf("%s: accepted", name)
		}
	}
	weak := identityR(t, private, message)
	public := private.Public()
	if !ed25519.Verify(public[:], message, weak) {
		t.Error("the signature with R = 0 is not the one meant: it does not satisfy the equation")
	}
}

func TestText(t *testing.T) {
	key := identity.Generate().Public()
	text, err := key.MarshalText()
	if err != nil || string(text) != key.String() || len(text) != 56 {
		t.Fatalf("%s, %v", text, err)
	}
	var back identity.PublicKey
	if err := back.UnmarshalText(text); err != nil || back != key {
		t.Errorf("%v, %v", back, err)
	}
	if err := back.UnmarshalText([]byte("did:key:z")); err == nil || back != key {
		t.Errorf("a bad text gives %v and changes the key to %v", err, back)
	}
	if (identity.PublicKey{}).IsZero() == key.IsZero() {
		t.Error("IsZero does not tell a key from none")
	}
}

func TestPrivateKeyStaysOutOfLogs(t *testing.T) {
	private := identity.Generate()
	if again, err := identity.FromSeed(private.Seed()); err != nil || again.Public() != private.Public() {
		t.Errorf("the seed makes another key: %v", err)
	}
	for _, format := range []string{"%v", "%+v", "%s", "%#v", "%x", "%d"} {
		shown := fmt.Sprintf(format, private) + fmt.Sprintf(format, struct{ hidden identity.PrivateKey }{private})
		if strings.Contains(shown, hex.EncodeToString(private.Seed())) ||
			strings.Contains(shown, fmt.Sprintf("%d", private.Seed())) ||
			strings.Contains(shown, fmt.Sprintf("%#v", private.Seed())[len("[]byte{"):]) {
			t.Errorf("%s shows the seed", format)
		}
	}
	if _, err := identity.FromSeed(make([]byte, 31)); err == nil {
		t.Error("a seed of 31 bytes is accepted")
	}
}

func FuzzParseDID(f *testing.F) {
	key := identity.Generate().Public()
	f.Add(key.String())
	for _, raw := range smallOrder {
		f.Add(did(unhex(f, raw)))
	}
	f.Add("did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw")
	f.Add("did:key:z1")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := identity.ParseDID(text)
		if err != nil {
			if !errors.Is(err, identity.ErrKey) || !k.IsZero() {
				t.Fatalf("refused as %v with key %v", err, k)
			}
			return
		}
		if k.String() != text {
			t.Fatalf("%q reads as a key that is written %q", text, k)
		}
		if again, err := identity.FromBytes(k[:]); err != nil || again != k {
			t.Fatalf("%q: FromBytes refuses its bytes: %v", text, err)
		}
	})
}
