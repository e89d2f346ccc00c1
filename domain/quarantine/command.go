package quarantine

// Keep is the command to keep a callback that cannot be understood.
type Keep struct {
	Format       string
	Reason       Reason
	Digest       string
	Length       int64
	Reader       int
	Authenticity *Authenticity
}

// Redrive is the command to take note of what a newer reader made of a kept callback.
type Redrive CallbackRedriven
