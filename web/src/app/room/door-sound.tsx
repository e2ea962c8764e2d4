import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { Microphone, SoundOutput } from "../../sdk";
import { useReadable } from "../parts/use-readable";
import { MicrophonePicker } from "./microphone";
import { OutputPicker } from "./output";

/** A microphone that is tried before the room. */
export const microphoneAtDoor = () => new Microphone();

/** The microphone, and the loudspeaker, chosen before there is anything to hear: the room remembers both. */
export function DoorSound({ microphone }: { microphone: Microphone }): JSX.Element {
  const output = useMemo(() => new SoundOutput(), []);
  useEffect(() => () => output.close(), [output]);
  return (
    <>
      <MicrophonePicker microphone={microphone} />
      <OutputPicker output={output} microphone={useReadable(microphone.state).value.kind} />
    </>
  );
}
