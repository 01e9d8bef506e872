import type { Wire } from '../binary/protobuf.js';

/** Types of tensor.proto that are a number, and how many bytes each takes. */
const BYTES: Readonly<Record<number, number>> = { 1: 4, 2: 8, 3: 4, 4: 1, 6: 1, 9: 8, 14: 2, 19: 2 };

/**
 * The number of a TensorProto with one element: TensorFlow 2 writes scalars so. dtype = 1, tensor_shape = 2 { dim = 2 { size = 1 } },
 * tensor_content = 4, and by type float_val = 5, double_val = 6, int_val = 7, int64_val = 10, half_val = 13. Undefined for any
 * other tensor.
 */
export function scalarOf(tensor: Wire): number | undefined {
  let type = 0;
  let elements = 1;
  let content: Uint8Array | undefined;
  let value: number | undefined;
  while (tensor.next()) {
    const { field, type: wireType } = tensor;
    if (field === 1 && wireType === 0) type = tensor.varint();
    else if (field === 2 && wireType === 2) elements = elementsOf(tensor.message());
    else if (field === 4 && wireType === 2) {
      const length = tensor.length();
      content = tensor.bytes.subarray(tensor.at, tensor.at + length);
      tensor.at += length;
    } else if ((field === 5 || field === 6 || field === 7 || field === 10) && value === undefined) {
      value = firstOf(tensor, field);
    } else tensor.skip();
  }
  if (elements !== 1 || BYTES[type] === undefined) return undefined;
  if (content !== undefined && content.length === BYTES[type]) return decoded(content, type);
  return value;
}

function elementsOf(shape: Wire): number {
  let elements = 1;
  while (shape.next()) {
    if (shape.field !== 2 || shape.type !== 2) {
      shape.skip();
      continue;
    }
    const dimension = shape.message();
    let size = 0;
    while (dimension.next()) {
      if (dimension.field === 1 && dimension.type === 0) size = dimension.varint();
      else dimension.skip();
    }
    elements *= size;
  }
  return elements;
}

/** The first of a repeated field, packed or not. */
function firstOf(tensor: Wire, field: number): number | undefined {
  const list = tensor.type === 2 ? tensor.message() : undefined;
  const wire = list ?? tensor;
  if (list && list.at >= list.end) return undefined;
  if (field === 5) return wire.float();
  return field === 6 ? wire.double() : wire.varint();
}

function decoded(content: Uint8Array, type: number): number | undefined {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  switch (type) {
    case 1:
      return view.getFloat32(0, true);
    case 2:
      return view.getFloat64(0, true);
    case 3:
      return view.getInt32(0, true);
    case 4:
      return view.getUint8(0);
    case 6:
      return view.getInt8(0);
    case 9:
      return Number(view.getBigInt64(0, true));
    case 14: {
      // bfloat16: the upper half of a float.
      const whole = new DataView(new ArrayBuffer(4));
      whole.setUint32(0, view.getUint16(0, true) << 16);
      return whole.getFloat32(0);
    }
    case 19:
      return halfOf(view.getUint16(0, true));
    default:
      return undefined;
  }
}

/** IEEE 754 binary16. */
function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
