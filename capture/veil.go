package capture

// A Veil blacks out parts of a frame (privacy zones). It is called with the packed
// pixels of a whole frame, which it may write. It must be safe for concurrent use.
type Veil func(pix []byte, t Target)

// Cover blacks out parts of every frame from the next one on; nil: none. The packets of
// the source are not changed.
func (c *Camera) Cover(v Veil) {
	if v == nil {
		c.veil.Store(nil)
		return
	}
	c.veil.Store(&v)
}

// covered returns the image with the veil applied.
func (c *Camera) covered(img Image) Image {
	if v := c.veil.Load(); v != nil {
		return veiled{img, *v}
	}
	return img
}

// veiled is an Image whose conversions are blacked out in parts. The decoder's memory
// stays unchanged, because later frames depend on it.
type veiled struct {
	Image
	veil Veil
}

// Luma returns false: the decoder's plane is not blacked out.
func (veiled) Luma() (Luma, bool) { return Luma{}, false }

func (v veiled) Convert(dst []byte, t Target) error {
	if err := v.Image.Convert(dst, t); err != nil {
		return err
	}
	v.veil(dst, t)
	return nil
}
