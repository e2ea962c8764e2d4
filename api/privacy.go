package api

// Paths of what a member does about their own data.
const (
	PathExport = "/me/export" // GET -> an archive (zip)
	PathErase  = "/me/erase"  // POST EraseRequest -> 204: all their sessions end
)

// MediaTypeZip is the media type of an export.
const MediaTypeZip = "application/zip"

// EraseRequest is a member's last word here.
type EraseRequest struct {
	Erase string `json:"erase" doc:"An erase statement, signed by the member. Nobody can undo it."`
}
