/** Which form of the project asked for the attributes of which records. */
import type { AttributeField, AttributeSchemas } from '@parcelpost/shared/records.js';
import type { TableEntity } from '../formats/csv/tables.js';

/** The platform's name for the form of each table's records. */
const FORM_OF = {
  relationships: 'tenurerelationship',
  parties: 'party',
  locations: 'spatialunit',
} as const satisfies Record<TableEntity, keyof AttributeSchemas>;

/** The questions of an entity's form, in its order; none where the platform tells none. */
export function formOf(entity: TableEntity, schemas: AttributeSchemas): AttributeField[] {
  return schemas[FORM_OF[entity]] ?? [];
}
