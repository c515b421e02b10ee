/** What a score is, in words. Every score is larger the less certain the model was. */
export interface ScoreDefinition {
  unit: string
  formula: string
  /** Where it comes from. */
  source: string
  /** When it is undefined. */
  nullWhen: string
}
