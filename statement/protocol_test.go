package statement

import (
	"encoding/base64"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The example in docs/protocol.md is a statement, its parts are what is written beside it, and its id is the one given.
func TestExampleOfTheProtocol(t *testing.T) {
	doc, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)its id is\n`([^`]+)`:\n\n```\nheader (.*?)\npayload(.*?)\\(in one line\\)\ntext (.*?)```").FindSubmatch(doc)
	if found == nil {
		t.Fatal("there is none")
	}
	written := func(i int) string { return strings.Join(strings.Fields(string(found[i])), "") }
	st, err := ParseKind[*Session](written(4))
	if err != nil {
		t.Fatal(err)
	}
	if got := st.ID().String(); got != written(1) {
		t.Errorf("the id is %s", got)
	}
	if st.Signer() != public(anaName) {
		t.Errorf("the signer is %s", st.Signer())
	}
	for i, part := range strings.Split(st.Text(), ".")[:2] {
		if got, err := base64.RawURLEncoding.DecodeString(part); err != nil || string(got) != written(2+i) {
			t.Errorf("part %d is %s (%v)", i, got, err)
		}
	}
}
