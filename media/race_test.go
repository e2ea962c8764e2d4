//go:build race

package media

// raceDetector slows the node so much that it cannot keep real time, and is said to measurements of sound.
const raceDetector = true
