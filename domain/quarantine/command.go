package quarantine

// Keep is the command to keep a callback that cannot be understood.
type Keep struct {
	Format string
	Reason Reason
	Digest string
	Length int64
}
