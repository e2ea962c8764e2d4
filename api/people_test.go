package api_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
)

func encoded(t *testing.T, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t *testing.T, w, h int) []byte {
	t.Helper()
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, image.NewGray(image.Rect(0, 0, w, h))) })
}

// claim makes a PNG say another size than it has.
func claim(of []byte, w, h uint32) []byte {
	out := bytes.Clone(of)
	binary.BigEndian.PutUint32(out[16:], w)
	binary.BigEndian.PutUint32(out[20:], h)
	binary.BigEndian.PutUint32(out[29:], crc32.ChecksumIEEE(out[12:29]))
	return out
}

// aWebP is one lossless pixel.
const aWebP = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="

func TestPictures(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 256, 256))
	jpg := encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, grey, nil) })
	webp, err := base64.StdEncoding.DecodeString(aWebP)
	if err != nil {
		t.Fatal(err)
	}
	for media, data := range map[string][]byte{"image/png": pngOf(t, 256, 256), "image/jpeg": jpg, "image/webp": webp} {
		if have, err := api.CheckPicture(data); err != nil || have != media {
			t.Errorf("%s: %q, %v", media, have, err)
		}
	}
	small := pngOf(t, 8, 8)
	for name, bad := range map[string]struct {
		data []byte
		why  reason.Reason
	}{
		"nothing":                      {nil, reason.PictureInvalid},
		"a text":                       {[]byte("I am a picture"), reason.PictureInvalid},
		"a page":                       {[]byte("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), reason.PictureInvalid},
		"the first bytes of a picture": {small[:20], reason.PictureInvalid},
		"half a picture":               {small[:len(small)-20], reason.PictureInvalid},
		"a page behind a PNG's magic":  {append([]byte("\x89PNG\r\n\x1a\n"), "<script>"...), reason.PictureInvalid},
		"a GIF": {encoded(t, func(b *bytes.Buffer) error {
			return gif.Encode(b, grey, nil)
		}), reason.PictureInvalid},
		"257 pixels":                       {pngOf(t, 257, 257), reason.PictureInvalid},
		"not a square":                     {pngOf(t, 64, 32), reason.PictureInvalid},
		"a bomb of 4 gigapixels":           {claim(small, 65535, 65535), reason.PictureInvalid},
		"a bomb of 2 gigapixels each side": {claim(small, 1<<31-1, 1<<31-1), reason.PictureInvalid},
		"more pixels than there are":       {claim(small, 256, 256), reason.PictureInvalid},
		"no pixels":                        {claim(small, 0, 0), reason.PictureInvalid},
		"64 KiB and a byte":                {append(small, make([]byte, api.MaxPictureBytes+1-len(small))...), reason.RequestTooLarge},
	} {
		media, err := api.CheckPicture(bad.data)
		if media != "" || reason.Of(err) != bad.why {
			t.Errorf("%s: %q, %v", name, media, err)
		}
	}
}

func TestSettingsAreBounded(t *testing.T) {
	many := func(n int) (list []string) {
		for i := range n {
			list = append(list, "t"+string(rune('a'+i/26))+string(rune('a'+i%26)))
		}
		return list
	}
	for name, c := range map[string]struct {
		s  api.Settings
		ok bool
	}{
		"nothing":         {api.Settings{}, true},
		"the most topics": {api.Settings{Topics: many(api.MaxInterests), Languages: []string{"fr", "pt-BR"}}, true},
		"one more":        {api.Settings{Topics: many(api.MaxInterests + 1)}, false},
		"no topic":        {api.Settings{Topics: []string{"Été"}}, false},
		"a topic twice":   {api.Settings{Topics: []string{"a", "a"}}, false},
		"no language":     {api.Settings{Languages: []string{"fr_FR"}}, false},
	} {
		if err := c.s.Check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
