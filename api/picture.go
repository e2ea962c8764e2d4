package api

import (
	"bytes"
	"crypto/sha256"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// pictureType is a kind of image that a picture may be, and what reads it.
type pictureType struct {
	media  string
	magic  func([]byte) bool
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

func pictureTypes() []pictureType {
	begins := func(with string) func([]byte) bool {
		return func(data []byte) bool { return bytes.HasPrefix(data, []byte(with)) }
	}
	return []pictureType{
		{"image/png", begins("\x89PNG\r\n\x1a\n"), png.DecodeConfig, png.Decode},
		{"image/jpeg", begins("\xff\xd8\xff"), jpeg.DecodeConfig, jpeg.Decode},
		{"image/webp", func(d []byte) bool {
			return len(d) > 12 && string(d[:4]) == "RIFF" && string(d[8:12]) == "WEBP"
		}, webp.DecodeConfig, webp.Decode},
	}
}

// PictureMedia are the media types of pictures.
func PictureMedia() []string {
	var all []string
	for _, t := range pictureTypes() {
		all = append(all, t.media)
	}
	return all
}

// PictureKind is the media type of a picture that CheckPicture has taken.
func PictureKind(data []byte) string {
	for _, t := range pictureTypes() {
		if t.magic(data) {
			return t.media
		}
	}
	return "application/octet-stream"
}

// CheckPicture reads a picture and says its media type. It refuses what is no still PNG, JPEG or WebP image, what is not
// square or has sides of more than 256 pixels, and what is larger than 64 KiB. The size that the header says is looked at
// before anything is decoded, so a few bytes cannot ask for a great deal of memory; then all of it is decoded, so that no
// half of an image, or something else behind an image's first bytes, is shown to anybody.
func CheckPicture(data []byte) (media string, err error) {
	if len(data) > MaxPictureBytes {
		return "", reason.Reject(reason.RequestTooLarge, "a picture of %d bytes; %d are allowed", len(data), MaxPictureBytes)
	}
	for _, t := range pictureTypes() {
		if !t.magic(data) {
			continue
		}
		c, err := t.config(bytes.NewReader(data))
		if err != nil {
			return "", reason.Reject(reason.PictureInvalid, "its header: %v", err)
		}
		if c.Width != c.Height || c.Width < 1 || c.Width > MaxPictureSide {
			return "", reason.Reject(reason.PictureInvalid, "%d × %d pixels, not a square of at most %d", c.Width, c.Height, MaxPictureSide)
		}
		decoded, err := t.decode(bytes.NewReader(data))
		if err != nil {
			return "", reason.Reject(reason.PictureInvalid, "%v", err)
		}
		if b := decoded.Bounds(); b.Dx() != c.Width || b.Dy() != c.Height {
			return "", reason.Reject(reason.PictureInvalid, "its header says another size than it has")
		}
		return t.media, nil
	}
	return "", reason.Reject(reason.PictureInvalid, "neither PNG nor JPEG nor WebP")
}

// DigestOf is what a picture is named by.
func DigestOf(data []byte) statement.Commitment { return sha256.Sum256(data) }
