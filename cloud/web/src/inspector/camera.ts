// Reads codes from the camera where the browser can (Chrome on Android); elsewhere the inspector types.

interface Detector { detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]> }
type DetectorMaker = new (options: { formats: string[] }) => Detector

const FORMATS = ['qr_code', 'data_matrix', 'code_128', 'itf']
const LOOK_EVERY_MS = 200

const maker = (globalThis as { BarcodeDetector?: DetectorMaker }).BarcodeDetector

export const canUseCamera = maker !== undefined && navigator.mediaDevices !== undefined

/** Shows the camera in `video` and calls `found` once. The answer stops it. */
export async function look(video: HTMLVideoElement, found: (text: string) => void): Promise<() => void> {
  if (!maker) throw new Error('this browser cannot read codes')
  const detector = new maker({ formats: FORMATS })
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
  video.srcObject = stream
  await video.play()
  const timer = setInterval(async () => {
    const codes = await detector.detect(video).catch(() => [])
    const text = codes[0]?.rawValue
    if (!text) return
    stop()
    found(text)
  }, LOOK_EVERY_MS)
  function stop() {
    clearInterval(timer)
    for (const track of stream.getTracks()) track.stop()
    video.srcObject = null
  }
  return stop
}
