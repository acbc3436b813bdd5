// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/mainwindow/frameddialog.h"
#include "ui/models/draftcheck.h"

#include <array>
#include <functional>
#include <optional>

class QComboBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;
class QStackedWidget;

namespace moescope::ui {

class SamplingPopover;
class SegmentedControl;
class StyledLabel;

/** What a run is to be made of, in six fields, filled from another one. What differs from it is marked and becomes the
 *  title; several lengths make a run each. */
class AddRunSheet : public FramedDialog {
    Q_OBJECT
public:
    enum class Purpose {
        AddRun,       ///< one or more beside the runs of a comparison
        NewComparison ///< the first runs of one
    };

    /** `from`: run A, or what a message asks. */
    AddRunSheet(Purpose purpose, const RunDraft& from, const QList<ModelChoice>& models, QWidget* parent);

    /** The what-if that is being made in Inspect, to choose from. */
    void setRecipe(const trace::Intervention& recipe);
    /** What else may be wrong with a draft: a sentence, empty: nothing. */
    void setCheck(std::function<QString(const RunDraft&)> problem);

    /** Offers to add what a capture file has, in place of a run that is made here. */
    void offerCaptures();
    /** Asks of this document. */
    void setFile(const QString& path);

    /** One a length. */
    QList<RunDraft> drafts() const;
    QString title() const; ///< of the runs
    QString problem() const;

signals:
    /** Chosen: the dialog closes. */
    void drafted(const QList<moescope::ui::RunDraft>& drafts);
    /** Likewise: a capture file is to be chosen. */
    void captureRequested();

private:
    enum Recipe { None, AsGiven, AsMade, Ban, Force };

    void addFields(Purpose purpose);
    QWidget* promptPages();
    QWidget* addRow(DraftField field, const QString& name, QWidget* content);
    QLineEdit* pathField(const QString& name, const QString& placeholder, QWidget** row);
    void choosePath(QLineEdit* field);
    void fill();
    RunDraft draft() const; ///< with the first of the lengths
    trace::Intervention recipe() const;
    /** With its type, where others have the same name. */
    QString nameOf(const ModelChoice& model) const;
    /** Name and type, and the file where those are not enough to tell it from another. */
    QString labelOf(const ModelChoice& model) const;
    /** How the field is in the run that it was filled from: "A: 512 tokens, 50 %". */
    QString markText(DraftField field) const;
    void refresh();

    Purpose m_purpose;
    RunDraft m_from;
    QList<ModelChoice> m_models;
    std::optional<trace::Intervention> m_made;
    std::function<QString(const RunDraft&)> m_check;
    SamplingView m_sampling;

    SegmentedControl* m_kind = nullptr;
    QStackedWidget* m_prompts = nullptr;
    QPlainTextEdit* m_text = nullptr;
    StyledLabel* m_chat = nullptr;
    QLineEdit* m_file = nullptr;
    QLineEdit* m_fileQuestion = nullptr;
    QLineEdit* m_passage = nullptr;
    QLineEdit* m_question = nullptr;
    QLineEdit* m_expected = nullptr;
    QLineEdit* m_filler = nullptr;
    QWidget* m_lengthRow = nullptr;
    QLineEdit* m_lengths = nullptr;
    QSpinBox* m_depth = nullptr;
    QComboBox* m_model = nullptr;
    QComboBox* m_kvType = nullptr;
    QLineEdit* m_seed = nullptr;
    QPushButton* m_more = nullptr;
    SamplingPopover* m_popover = nullptr;
    QComboBox* m_recipe = nullptr;
    QSpinBox* m_layer = nullptr;
    QSpinBox* m_expert = nullptr;
    QWidget* m_place = nullptr;
    std::array<StyledLabel*, kDraftFields> m_marks{};
    StyledLabel* m_title = nullptr;
    StyledLabel* m_problem = nullptr;
    QPushButton* m_capture = nullptr;
    QPushButton* m_add = nullptr;
    bool m_filling = false;
};

} // namespace moescope::ui
