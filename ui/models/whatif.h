// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/info.h"
#include "engine/trace/intervention.h"
#include "ui/models/routingstatistics.h"

#include <QHash>
#include <QList>
#include <QObject>
#include <QString>

#include <algorithm>
#include <optional>

namespace moescope::ui {

/** A what-if in words: "layer 5, expert 6 banned · layer 2, expert 0 bias −1.5 · top-2 · shared expert off"; empty for
 *  none. `brief`: many experts as a number of them. */
QString recipeWords(const trace::Intervention& recipe, bool brief = false);

/** The what-if that is being made for the loaded model, and that of the answer in view. */
class WhatIf : public QObject {
    Q_OBJECT
public:
    /** What is done with an expert. */
    enum class Mark { None, Banned, Forced, Biased };
    Q_ENUM(Mark)

    using QObject::QObject;

    /** The loaded model. One with other routers than the last drops the recipe: its numbers meant other experts. */
    void setModel(const trace::ModelInfo& model);
    /** No model is loaded; the recipe stays for the case that the same one comes back. */
    void unsetModel();
    const std::optional<trace::ModelInfo>& model() const { return m_model; }
    /** Whether experts of an answer with this shape are those of the loaded model. */
    bool isAbout(const TraceShape& shape) const;

    const trace::Intervention& recipe() const { return m_recipe; }
    bool isEmpty() const { return m_recipe.empty(); }
    /** It is being made: it has something in it, or the user wants to begin one. */
    bool isOpen() const { return m_open || !isEmpty(); }
    void setOpen(bool open);
    /** Why the loaded model cannot run the recipe, as a sentence; empty: it can, or there is nothing to run. */
    const QString& problem() const { return m_problem; }

    /** Why charts cannot change the recipe now, as a sentence; empty: they can. */
    void setRefusal(const QString& sentence) { m_refusal = sentence; }
    const QString& refusal() const { return m_refusal; }

    /** Bans the expert, or lets it be again. */
    void toggleBanned(const trace::ExpertPlace& place);
    void toggleForced(const trace::ExpertPlace& place);
    /** Added to the router's logit; 0: none. An expert is banned, forced or biased, never two of them at once. */
    void setBias(const trace::ExpertPlace& place, float bias);
    void setWithoutShared(bool without);
    /** Routed experts a token; 0, or the model's own number: as the model has it. */
    void setExpertsUsed(uint32_t used);
    /** Another recipe in place of this one: that of an answer. */
    void setRecipe(const trace::Intervention& recipe);
    /** Nothing is changed any more. */
    void clear();
    bool canUndo() const { return !m_history.isEmpty(); }
    /** Takes back the last change. */
    void undo();

    /** The what-if that the answer in view was made with, empty: none, and the sizes of that answer. */
    void setShown(const trace::Intervention& recipe, const TraceShape& shape);
    const trace::Intervention& shown() const { return m_shown; }

    /** Of the recipe that is being made, else of the answer in view: always of this where another model made it. */
    const trace::Intervention& marked() const;
    /** Whether what is marked is about experts of an answer with this shape. */
    bool marks(const TraceShape& shape) const;
    Mark mark(int layer, int expert) const;
    float biasOf(int layer, int expert) const; ///< as marked; 0: none
    /** "banned", "forced", "bias −1.5"; empty: nothing is done with it. */
    QString markWords(int layer, int expert) const;
    /** Something is marked. */
    bool hasMarks() const { return !m_marks.isEmpty(); }
    /** Some expert is marked so. */
    bool hasMark(Mark mark) const { return std::find(m_marks.cbegin(), m_marks.cend(), mark) != m_marks.cend(); }

signals:
    /** Recipe, problem, model or what is marked. */
    void changed();

private:
    void apply(const trace::Intervention& recipe);
    void refresh();

    std::optional<trace::ModelInfo> m_model;
    TraceShape m_shape;      ///< of the last model, loaded or not
    TraceShape m_shownShape; ///< of the answer in view
    trace::Intervention m_recipe;
    trace::Intervention m_shown;
    QList<trace::Intervention> m_history;
    QString m_problem;
    QString m_refusal;
    QHash<quint64, Mark> m_marks;
    QHash<quint64, float> m_biases;
    bool m_open = false;
};

} // namespace moescope::ui
